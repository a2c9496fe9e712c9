import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { clientIsSnap } from './client-path.ts';
import type { Dialect } from './dialect.ts';
import { lxcAlias, lxcImage, lxcOperation, lxcPublishedImages, lxcRemotes } from './lxc-objects.ts';
import { CACHE_LABEL } from './lxc-requests.ts';
import { CommandError } from '../../process/command-runner.ts';
import { FailureError, type Failure } from '../../run/failure.ts';
import { waitUntil, WaitTimeoutError, type Look } from '../../run/wait-until.ts';
import { formatForeignImage, type ForeignImageName } from '../../scenario/foreign-image-name.ts';
import type { LxcClient } from './lxc-client.ts';
import type { CallOptions, FoundForeignImage } from '../provider.ts';

/** One look at a server or at the engine. */
const LOOK_TIMEOUT_MS = 120_000;
const CANCEL_TIMEOUT_MS = 30_000;
const POLL_MS = 500;

/** The engines' name of this machine's architecture. */
const ARCHITECTURE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

type Environment = Readonly<Record<string, string | undefined>>;
type ProgressOptions = CallOptions & { onProgress(text: string): void };

/** A server that images are downloaded from. */
interface Remote {
  readonly address: string;
  readonly protocol: string;
}

/**
 * Finds an image that is none of ours. What the engine has is used as it is: a request with properties would write them to an image that is
 * there already, and with them our label to what is the user's. Everything else is downloaded by the engine itself, labelled in that request.
 */
export async function ensureLxcForeignImage(
  client: LxcClient,
  { remote: remoteName, alias }: ForeignImageName,
  options: ProgressOptions,
  environment: Environment = process.env,
): Promise<FoundForeignImage> {
  const name = { remote: remoteName, alias };
  const look = { ...options, timeoutMs: Math.min(LOOK_TIMEOUT_MS, options.timeoutMs) };
  const remote = await findRemote(client, name, look);
  if (remote === null)
    return { ...name, fingerprint: await localFingerprint(client, name, look), server: null };
  options.onProgress(`looking for ${formatForeignImage(name)} at ${remote.address}`);
  const fingerprint = await publishedFingerprint(client, name, remote, look);
  const there = await client.find(`/1.0/images/${fingerprint}`, look);
  if (there === null) {
    const certificate = await serverCertificate(client.dialect, name.remote, environment);
    await download(client, name, { ...remote, certificate }, fingerprint, options);
  }
  return { ...name, fingerprint, server: remote.address };
}

/** The remote's server; null for the engine itself. */
async function findRemote(
  client: LxcClient,
  { remote: name }: ForeignImageName,
  options: CallOptions,
): Promise<Remote | null> {
  const { stdout } = await client.run(['remote', 'list', '--format=json'], options);
  const remotes = lxcRemotes.parse(JSON.parse(stdout));
  const remote = remotes[name];
  if (remote === undefined) {
    throw failure(
      'preflight',
      `the engine's client knows no remote ${name}; it has ${Object.keys(remotes).sort().join(', ')}`,
      `Add it: ${client.dialect.client} remote add ${name} https://SERVER --protocol simplestreams. A file of that name is written with ./ before it.`,
    );
  }
  if (remote.Addr.startsWith('unix:')) return null;
  return {
    address: remote.Addr,
    protocol: remote.Protocol === '' ? client.dialect.protocol : remote.Protocol,
  };
}

/** An image that the engine has, by alias or by the beginning of its fingerprint. */
async function localFingerprint(
  client: LxcClient,
  name: ForeignImageName,
  options: CallOptions,
): Promise<string> {
  const { alias } = name;
  const { client: program } = client.dialect;
  const byAlias = await client.find(`/1.0/images/aliases/${encodeURIComponent(alias)}`, options);
  const target = byAlias === null ? alias : lxcAlias.parse(byAlias).target;
  const found =
    byAlias !== null || isFingerprint(alias) ? await client.find(`/1.0/images/${target}`, options) : null;
  if (found === null) {
    throw failure(
      'preflight',
      `the engine has no image ${alias}, as an alias or as the beginning of a fingerprint`,
      `See \`${program} image list local:\`, or import it: ${program} image import FILE… --alias ${alias}.`,
    );
  }
  const image = lxcImage.parse(found);
  if (image.type !== 'container') throw notForContainers(name);
  return image.fingerprint;
}

/** What a server calls by the name, for containers of this machine. */
async function publishedFingerprint(
  client: LxcClient,
  name: ForeignImageName,
  { address }: Remote,
  options: CallOptions,
): Promise<string> {
  const { remote, alias } = name;
  const args = ['image', 'list', `${remote}:`, alias, '--format=json'];
  let listed: string;
  try {
    ({ stdout: listed } = await client.run(args, options));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const said = error.lastLines(2).join(' ') || error.message;
    throw failure(
      'infrastructure',
      `${address} can't be asked for ${alias}: ${said}`,
      reachHint(client.dialect, name, address),
    );
  }
  const images = lxcPublishedImages.parse(JSON.parse(listed) ?? []);
  const named = images.filter(
    ({ fingerprint, aliases }) =>
      aliases?.some((each) => each.name === alias) === true ||
      (isFingerprint(alias) && fingerprint.startsWith(alias)),
  );
  const containers = named.filter(({ type }) => type === 'container');
  const image = containers.find(({ architecture }) => architecture === ARCHITECTURE);
  if (image !== undefined) return image.fingerprint;
  if (named.length > 0 && containers.length === 0) throw notForContainers(name);
  // Of another machine's image, a simplestreams server has the alias with its architecture behind it alone.
  const others = images
    .filter(({ aliases }) => aliases?.some((each) => each.name.startsWith(`${alias}/`)) === true)
    .concat(containers)
    .map(({ architecture }) => architecture)
    .filter((architecture) => architecture !== ARCHITECTURE);
  throw failure(
    'infrastructure',
    others.length === 0
      ? `${address} has no image ${alias}`
      : `${address} has ${alias} for ${[...new Set(others)].join(', ')}, and this machine is ${ARCHITECTURE}`,
    `See \`${client.dialect.client} image list ${remote}:\` for what it has.`,
  );
}

/** Has the engine download an image, and tells how far it is. What was begun is cancelled when nobody waits for it any longer. */
async function download(
  client: LxcClient,
  name: ForeignImageName,
  { address, protocol, certificate }: Remote & { readonly certificate: string | null },
  fingerprint: string,
  options: ProgressOptions,
): Promise<void> {
  const { title } = client.dialect;
  const text = formatForeignImage(name);
  const body = {
    source: {
      type: 'image',
      mode: 'pull',
      server: address,
      protocol,
      fingerprint,
      ...(certificate === null ? {} : { certificate }),
    },
    properties: { [CACHE_LABEL]: text },
  };
  // Not cut off half-way: the engine answers at once, and only with its answer can the download be cancelled.
  const { signal } = new AbortController();
  const request = { timeoutMs: LOOK_TIMEOUT_MS, signal };
  const { id } = lxcOperation.parse(await client.start('/1.0/images', body, request));
  let told: string | null = null;
  try {
    await waitUntil(
      async (_attempt, lookSignal): Promise<Look<null>> => {
        const call = { timeoutMs: LOOK_TIMEOUT_MS, signal: lookSignal };
        const found = await client.find(`/1.0/operations/${id}`, call);
        // The engine forgets an operation some seconds after its end.
        if (found === null) {
          if ((await client.find(`/1.0/images/${fingerprint}`, call)) !== null)
            return { met: true, value: null };
          throw failed(client.dialect, name, address, `${title} ended the download without the image`);
        }
        const { status, err, metadata } = lxcOperation.parse(found);
        if (status === 'Success') return { met: true, value: null };
        if (status === 'Failure' || status === 'Cancelled')
          throw failed(client.dialect, name, address, err || status);
        const progress = metadata?.['download_progress'];
        const missing = typeof progress === 'string' ? progress : 'it has not begun';
        if (missing !== told) options.onProgress(`${title} downloads ${text} from ${address}: ${missing}`);
        told = missing;
        return { met: false, missing };
      },
      {
        condition: `${title} has downloaded ${text} from ${address}`,
        timeoutMs: options.timeoutMs,
        intervalMs: POLL_MS,
        signal: options.signal,
      },
    );
  } catch (error) {
    if (options.signal.aborted || error instanceof WaitTimeoutError) await cancel(client, id);
    if (!(error instanceof WaitTimeoutError)) throw error;
    throw failure('infrastructure', error.message, reachHint(client.dialect, name, address));
  }
}

/** Ends a download, and waits until the engine has done so; what it can't end in that time carries our label. */
async function cancel(client: LxcClient, id: string): Promise<void> {
  const { title } = client.dialect;
  const { signal } = new AbortController();
  await waitUntil(
    async (_attempt, lookSignal): Promise<Look<null>> => {
      const call = { timeoutMs: CANCEL_TIMEOUT_MS, signal: lookSignal };
      const found = await client.find(`/1.0/operations/${id}`, call);
      const status = found === null ? 'gone' : lxcOperation.parse(found).status;
      if (!['Running', 'Pending', 'Cancelling'].includes(status)) return { met: true, value: null };
      await client.query('DELETE', `/1.0/operations/${id}`, undefined, call).catch(() => null);
      return { met: false, missing: `${title}'s download is ${status}` };
    },
    {
      condition: `${title} has ended the download`,
      timeoutMs: CANCEL_TIMEOUT_MS,
      intervalMs: POLL_MS,
      signal,
    },
  ).catch((error: unknown) => {
    if (!(error instanceof WaitTimeoutError || error instanceof CommandError)) throw error;
  });
}

/** The certificate that the user's client was told to trust for a remote; null for one of a known authority. */
async function serverCertificate(
  dialect: Dialect,
  remote: string,
  environment: Environment,
): Promise<string | null> {
  const { configuration, snapHome } = dialect;
  const own = environment[configuration.variable];
  const isSnap = await clientIsSnap(dialect, environment['PATH'] ?? '');
  const home = isSnap && snapHome !== null ? snapHome : configuration.home;
  const folder = own === undefined || own === '' ? join(homedir(), home) : own;
  return await readFile(join(folder, 'servercerts', `${remote}.crt`), 'utf8').catch(() => null);
}

function isFingerprint(text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text);
}

function failed(dialect: Dialect, name: ForeignImageName, address: string, why: string): FailureError {
  const message = `${dialect.title} could not download ${formatForeignImage(name)} from ${address}: ${why}`;
  const wrong = /hash mismatch|checksum/i.test(why);
  const hint = wrong
    ? 'What came is not what the server says that it has; nothing of it is kept. Try again later, or another server.'
    : reachHint(dialect, name, address);
  return failure('infrastructure', message, hint);
}

function reachHint({ title, client }: Dialect, { alias }: ForeignImageName, address: string): string {
  return [
    `This host and ${title} must reach ${address} (through a proxy: ${client} config set core.proxy_https URL, and HTTPS_PROXY here).`,
    `Without a network: ${client} image import FILE… --alias NAME, and image: local:NAME instead of ${alias}.`,
  ].join(' ');
}

function notForContainers(name: ForeignImageName): FailureError {
  const message = `${formatForeignImage(name)} is for virtual machines, and nodes are containers`;
  return failure('infrastructure', message, 'Name an image for containers.');
}

function failure(failureClass: Failure['class'], message: string, hint: string): FailureError {
  return new FailureError({ class: failureClass, step: 'image/import', message, hint });
}
