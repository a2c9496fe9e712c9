import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { remainingMs, type BuildContext } from './build-context.ts';
import { withCacheLock } from '../cache/cache-entry.ts';
import { imageFailure } from '../image-failure.ts';
import { readNodeImage } from '../cache/read-node-image.ts';
import { systemPath } from '../../process/system-path.ts';
import { UPSTREAM_VARIABLE } from '../download/upstream.ts';
import { packageRoot } from '../../package-root.ts';
import { FailureError, type Failure } from '../../run/failure.ts';
import type { BuildProgress, BuildState } from './build-progress.ts';
import type { ImageProgress, SettledImageSpec } from '../node-image.ts';
import type { HostFolder, RootPlace } from './root-place.ts';

/** What the process that builds in a root place is told, as its only argument. */
export interface BuildOrder {
  readonly spec: SettledImageSpec;
  /** Of the image, as found outside: what was prepared is of no use for another one. */
  readonly key: string;
  readonly cacheDir: string;
  readonly timeoutMs: number;
  readonly before: BuildState;
}

/** What the process that builds in a root place says, a line of JSON each. */
export type BuildMessage =
  | { readonly kind: 'progress'; readonly progress: ImageProgress }
  | { readonly kind: 'failed'; readonly failure: Failure | null; readonly stack: string };

/** What is built. */
interface BuildGoal {
  readonly spec: SettledImageSpec;
  readonly key: string;
  readonly title: string;
}

/** Builds a prepared image in a root place, with the code of this package and the Node that runs us. What it leaves is the cache owner's. */
export async function buildInRootPlace(
  place: RootPlace,
  { spec, key, title }: BuildGoal,
  context: BuildContext,
  progress: BuildProgress,
  onProgress: (progress: ImageProgress) => void,
): Promise<void> {
  const { cacheDir, signal } = context;
  // The place itself is worth a lock: of several builds at once one makes it.
  await withCacheLock(join(cacheDir, 'places', key), title, context, async () => {
    if ((await readNodeImage(cacheDir, key)) !== null) return;
    progress.tell('Making a place with root');
    const timeoutMs = remainingMs(context);
    const upstream = await keepUpstream(cacheDir);
    const order: BuildOrder = { spec, key, cacheDir, timeoutMs, before: progress.state };
    const reading = new MessageReader(onProgress);
    try {
      await place.run(buildCommand(order, upstream), buildFolders(cacheDir), {
        timeoutMs,
        signal,
        onLine: (line, stream) => reading.line(line, stream),
      });
    } catch (error) {
      signal.throwIfAborted();
      throw reading.failure(error) ?? imageFailure(`could not build ${title}`, error);
    }
  });
}

/** The user's file of mirrors where the place can read it, as a setting for `env`: sums that are pinned in it are in the key. */
async function keepUpstream(cacheDir: string): Promise<string[]> {
  const file = process.env[UPSTREAM_VARIABLE];
  if (file === undefined || file === '') return [];
  const copy = join(cacheDir, 'upstream.json');
  await copyFile(file, copy);
  return [`${UPSTREAM_VARIABLE}=${copy}`];
}

/** The command that builds; nothing but PATH of our environment means anything there. */
function buildCommand(order: BuildOrder, upstream: readonly string[]): string[] {
  // Beside this file, compiled or not; a loader that reads TypeScript is passed on with Node's own options.
  const script = join(import.meta.dirname, `build-in-root-place-main${extname(import.meta.filename)}`);
  // debootstrap and others go another way where they are told that they are in a container, and the image shall be the same.
  const env = ['env', '--unset=container', `PATH=${systemPath(process.env['PATH'])}`, 'LC_ALL=C.UTF-8'];
  return [...env, ...upstream, process.execPath, ...process.execArgv, script, JSON.stringify(order)];
}

/**
 * The folders of this host that a build uses beside its programs: the package with its dependencies, Node, the cache.
 * @param nodeFile the program of Node, such as `/opt/node/bin/node`.
 */
export function buildFolders(
  cacheDir: string,
  packageFolder = packageRoot(),
  nodeFile = process.execPath,
): HostFolder[] {
  const NODE_MODULES = '/node_modules/';
  const installedIn = packageFolder.indexOf(NODE_MODULES);
  // Dependencies of an installed package are beside it.
  const code = installedIn < 0 ? packageFolder : packageFolder.slice(0, installedIn + NODE_MODULES.length);
  const binaries = dirname(nodeFile);
  const node = basename(binaries) === 'bin' ? dirname(binaries) : binaries;
  // What programs below /usr are links to, where a distribution has that.
  const links = ['/etc/alternatives'].filter((path) => existsSync(path));
  const readable = ['/usr', ...links, node, code].map((path) => path.replace(/\/+$/, ''));
  return [
    ...readable
      .filter((path, index) => !readable.slice(0, index).some((above) => `${path}/`.startsWith(`${above}/`)))
      .map((path) => ({ path, writable: false })),
    { path: cacheDir, writable: true },
  ];
}

/** Reads what the building process says. */
class MessageReader {
  readonly #onProgress: (progress: ImageProgress) => void;
  #failed: Extract<BuildMessage, { kind: 'failed' }> | null = null;

  constructor(onProgress: (progress: ImageProgress) => void) {
    this.#onProgress = onProgress;
  }

  line(line: string, stream: 'stdout' | 'stderr'): void {
    if (stream !== 'stdout') return;
    const message = JSON.parse(line) as BuildMessage;
    if (message.kind === 'progress') this.#onProgress(message.progress);
    else this.#failed = message;
  }

  /** Why the build failed, in its own words; null when it did not say. */
  failure(cause: unknown): Error | null {
    // The place could not be made or removed: that matters more.
    if (this.#failed === null || cause instanceof FailureError) return null;
    const { failure, stack } = this.#failed;
    return failure === null ? new Error(stack, { cause }) : new FailureError(failure, { cause });
  }
}
