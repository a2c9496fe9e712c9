import { describeProxy, type Environment } from './http-client.ts';

/** Failures of a connection that another attempt may not have. */
const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

/** What TLS says of a certificate whose authority nobody here knows. */
const UNTRUSTED_CODES = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A download that failed, with what a reader can do. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  /** Whether another attempt may succeed. */
  readonly transient: boolean;
  readonly hint: string;

  constructor(message: string, details: { transient?: boolean; hint: string; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.transient = details.transient ?? false;
    this.hint = details.hint;
  }
}

const AGAIN = 'Try again: what was fetched and verified is kept.';

/** What a status other than success means. */
export function statusError(url: string, status: number): DownloadError {
  if (status === 404 || status === 410) {
    const hint = 'Look whether this release exists there for this architecture.';
    return new DownloadError(`there is no ${url} (status ${status})`, { hint });
  }
  const transient = status >= 500 || status === 408 || status === 429;
  return new DownloadError(`${url} was answered with status ${status}`, { transient, hint: AGAIN });
}

/** What a connection that failed means, as an error for a reader. Errors of the disk are passed on as they are. */
export function connectionError(url: string, error: unknown, environment: Environment): unknown {
  if (error instanceof DownloadError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  const { host } = new URL(url);
  const proxy = describeProxy(environment);
  const way = proxy === null ? '' : ` (HTTPS_PROXY is ${proxy}, NO_PROXY ${quoteNoProxy(environment)})`;
  if (UNTRUSTED_CODES.has(code)) {
    const hint =
      'Where a proxy looks into TLS, name the file with its CA certificate in NODE_EXTRA_CA_CERTS, or add it to the host ' +
      'with update-ca-certificates. A SSL_CERT_FILE that is set must hold it itself.';
    const message = `${host} shows a certificate of an authority that is not trusted here (${code})${way}: ${url}`;
    return new DownloadError(message, { hint, cause: error });
  }
  const refusal = /^Proxy response \((\d+)\)/.exec(error.message)?.[1];
  if (refusal !== undefined) {
    const message = `the proxy refused the way to ${host} with status ${refusal}${way}: ${url}`;
    const hint =
      refusal === '407'
        ? 'Write user and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT.'
        : `Ask for ${host} to be allowed, or name a mirror in TWINSTACK_UPSTREAM.`;
    return new DownloadError(message, { transient: refusal.startsWith('5'), hint, cause: error });
  }
  const transient = TRANSIENT_CODES.has(code);
  const reached = ['ENOTFOUND', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)
    ? `${host} can't be reached`
    : 'the connection failed';
  if (!transient && reached === 'the connection failed' && !isNetworkCode(code)) return error;
  const hint = transient ? AGAIN : 'Set HTTPS_PROXY, or name a mirror in TWINSTACK_UPSTREAM.';
  return new DownloadError(`${reached} (${error.message})${way}: ${url}`, { transient, hint, cause: error });
}

function isNetworkCode(code: string): boolean {
  return (
    code.startsWith('UND_ERR') ||
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.startsWith('CERT_') ||
    code.startsWith('ECONN') ||
    code.startsWith('ENET') ||
    code.startsWith('EHOST') ||
    code === 'ENOTFOUND' ||
    code === 'EPROTO' ||
    code.startsWith('HPE_')
  );
}

function quoteNoProxy(environment: Environment): string {
  const value = environment['no_proxy'] ?? environment['NO_PROXY'] ?? '';
  return value === '' ? 'is not set' : `is ${value}`;
}
