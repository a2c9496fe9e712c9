import { extname, join } from 'node:path';
import { imagePreflightFailure } from './image-failure.ts';
import { systemPath } from './system-path.ts';
import { CommandError } from '../process/command-runner.ts';
import { FailureError, type Failure } from '../run/failure.ts';
import type { NodeImageDependencies } from './ensure-node-image.ts';
import type { ImageProgress, NodeImageSpec } from './node-image.ts';

/** What the process that builds as root is told, as its only argument. */
export interface RootBuildOrder {
  readonly spec: NodeImageSpec;
  readonly cacheDir: string;
  readonly timeoutMs: number;
}

/** What the process that builds as root says, a line of JSON each. */
export type RootBuildMessage =
  | { readonly kind: 'progress'; readonly progress: ImageProgress }
  | { readonly kind: 'failed'; readonly failure: Failure | null; readonly stack: string };

/** What of the user's environment decides where things are fetched from; sudo passes nothing on by itself. */
const PASSED_ON =
  /^(PATH|GO[A-Z]+|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS)$/;

/** How long the build's process may take to clean up after its own deadline, in milliseconds. */
const CLEAN_UP_MS = 60_000;

/**
 * Builds an image in a process of its own, as root: a Debian system has files of many owners. sudo must not ask for a password here;
 * whoever asks the user for leave does so before.
 * @throws {FailureError} as the build in that process, and of class `preflight` when sudo does not let us.
 */
export async function buildAsRoot(
  spec: NodeImageSpec,
  deps: NodeImageDependencies,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  // Beside this file, compiled or not; a loader that reads TypeScript is passed on with Node's own options.
  const script = join(import.meta.dirname, `build-as-root-main${extname(import.meta.filename)}`);
  const order: RootBuildOrder = { spec, cacheDir: deps.cacheDir, timeoutMs: deps.timeoutMs };
  const path = systemPath(environment['PATH']);
  const variables = Object.entries({ ...environment, PATH: path }).filter(([name]) => PASSED_ON.test(name));
  const settings = variables.map(([name, value]) => `${name}=${value ?? ''}`);
  const command = [process.execPath, ...process.execArgv, script, JSON.stringify(order)];
  let failed: Extract<RootBuildMessage, { kind: 'failed' }> | null = null;
  let answered = false;
  const onLine = (line: string, stream: 'stdout' | 'stderr'): void => {
    if (stream !== 'stdout') return;
    answered = true;
    const message = JSON.parse(line) as RootBuildMessage;
    if (message.kind === 'progress') deps.onProgress(message.progress);
    else failed = message;
  };
  try {
    await deps.runner.run('sudo', ['-n', '--', 'env', ...settings, ...command], {
      timeoutMs: deps.timeoutMs + CLEAN_UP_MS,
      signal: deps.signal,
      onLine,
    });
  } catch (error) {
    deps.signal.throwIfAborted();
    throw rootBuildError(error, failed, answered);
  }
}

function rootBuildError(
  error: unknown,
  failed: Extract<RootBuildMessage, { kind: 'failed' }> | null,
  answered: boolean,
): unknown {
  if (failed?.failure) return new FailureError(failed.failure, { cause: error });
  if (failed !== null) return new Error(failed.stack, { cause: error });
  if (answered || !(error instanceof CommandError)) return error;
  const said = error.lastLines(1)[0] ?? error.message;
  return imagePreflightFailure(
    `building a node image needs root, and sudo does not let us: ${said}`,
    'Run `sudo -v` first, or run the command as root, or import an image that was built elsewhere.',
  );
}
