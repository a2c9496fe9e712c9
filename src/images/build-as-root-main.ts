// A program of its own, which build-as-root.ts starts through sudo. It takes one argument and says what happens, a line each.
import { ensureNodeImage } from './ensure-node-image.ts';
import { HostCommandRunner } from '../process/host-command-runner.ts';
import { FailureError } from '../run/failure.ts';
import type { RootBuildMessage, RootBuildOrder } from './build-as-root.ts';

const say = (message: RootBuildMessage): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => stop.abort(new Error(`ended by ${signal}`)));
}
// Whoever waited for this process is gone, and with it the pipe.
process.stdout.on('error', (error) => stop.abort(error));

try {
  const { spec, cacheDir, timeoutMs } = JSON.parse(process.argv[2] ?? '') as RootBuildOrder;
  await ensureNodeImage(spec, {
    cacheDir,
    timeoutMs,
    runner: new HostCommandRunner(),
    signal: stop.signal,
    onProgress: (progress) => say({ kind: 'progress', progress }),
  });
} catch (error) {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say({ kind: 'failed', failure: error instanceof FailureError ? error.failure : null, stack });
  process.exitCode = 1;
}
