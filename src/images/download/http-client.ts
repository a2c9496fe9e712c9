import { readFile } from 'node:fs/promises';
import { createSecureContext, rootCertificates } from 'node:tls';
import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import { imagePreflightFailure } from '../image-failure.ts';

/** The host's own list of authorities, as Debian and Ubuntu keep it; a company's CA is in it once `update-ca-certificates` ran. */
const HOST_CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** How long a server or a proxy may take to accept a connection, and to go on after a silence, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 30_000;

/** What of the environment decides how the world is reached. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * An HTTP client that reaches the world as the host's other programs do: through HTTPS_PROXY, but for NO_PROXY, and with the
 * authorities of SSL_CERT_FILE (the host's own, unless set) and NODE_EXTRA_CA_CERTS.
 * @throws {FailureError} of class `preflight` for a certificate file or a proxy that can't be used.
 */
export async function createHttpClient(environment: Environment): Promise<Dispatcher> {
  const secureContext = createSecureContext({ ca: await trustedAuthorities(environment) });
  const connect = { secureContext, timeout: CONNECT_TIMEOUT_MS };
  const timeouts = { headersTimeout: SILENCE_TIMEOUT_MS, bodyTimeout: SILENCE_TIMEOUT_MS };
  return new EnvHttpProxyAgent({
    ...timeouts,
    connect,
    requestTls: connect,
    proxyTls: connect,
    // Or a proxy that accepts and then says nothing is waited for for five minutes.
    clientFactory: (origin, options) => new Pool(origin, { ...options, ...timeouts }),
    // Nothing is fetched without TLS, and undici would take it for HTTPS as well.
    httpProxy: '',
    httpsProxy: proxyOf(environment) ?? '',
    noProxy: environment['no_proxy'] ?? environment['NO_PROXY'] ?? '',
  });
}

/** The proxy for HTTPS; null when there is none. */
function proxyOf(environment: Environment): string | null {
  const setting = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']
    .map((name) => environment[name]?.trim())
    .find((value) => value !== undefined && value !== '');
  if (setting === undefined) return null;
  const url = setting.includes('://') ? setting : `http://${setting}`;
  if (URL.canParse(url) && new URL(url).hostname !== '') return url;
  throw imagePreflightFailure(
    'the proxy in HTTPS_PROXY is no URL',
    'Write it as http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with special characters percent-encoded.',
  );
}

/** The proxy for a message: without the password that may be in it. */
export function describeProxy(environment: Environment): string | null {
  const proxy = proxyOf(environment);
  return proxy === null ? null : new URL(proxy).origin;
}

async function trustedAuthorities(environment: Environment): Promise<string[]> {
  const read = async (name: string): Promise<string | null> => {
    const file = environment[name];
    if (file === undefined || file === '') return null;
    return await readFile(file, 'utf8').catch((error: Error) => {
      const hint = `Let ${name} name a file of certificates in PEM form, or unset it.`;
      throw imagePreflightFailure(
        `the certificates that ${name} names can't be read: ${error.message}`,
        hint,
      );
    });
  };
  const chosen = await read('SSL_CERT_FILE');
  const extra = await read('NODE_EXTRA_CA_CERTS');
  const own = chosen ?? (await readFile(HOST_CERTIFICATES, 'utf8').catch(() => null));
  return [...(own === null ? rootCertificates : [own]), ...(extra === null ? [] : [extra])];
}
