// A program of its own, which build-in-root-place.ts starts where it is root. It takes one argument and says what happens, a line each.
import { mkdtemp } from 'node:fs/promises';
import { withDeadline } from './build-deadline.ts';
import { buildPreparedImage, imageTitle } from './build-prepared-image.ts';
import { BuildProgress } from './build-progress.ts';
import { createRecipe } from './create-recipe.ts';
import { HostCommandRunner } from '../../process/host-command-runner.ts';
import { FailureError } from '../../run/failure.ts';
import type { BuildMessage, BuildOrder } from './build-in-root-place.ts';
import type { ImageProgress } from '../node-image.ts';

const say = (message: BuildMessage): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => stop.abort(new Error(`ended by ${signal}`)));
}
// Whoever waited for this process is gone, and with it the pipe.
process.stdout.on('error', (error) => stop.abort(error));

try {
  const { spec, key, cacheDir, timeoutMs, before } = JSON.parse(process.argv[2] ?? '') as BuildOrder;
  const recipe = await createRecipe(spec.format);
  const keyHere = await recipe.key(spec);
  if (keyHere !== key) throw new Error(`the image's key is ${keyHere} here, and ${key} outside`);
  const tell = (event: ImageProgress): void => say({ kind: 'progress', progress: event });
  const progress = new BuildProgress(recipe.stepCount(spec), tell, before);
  const surroundings = {
    cacheDir,
    runner: new HostCommandRunner(),
    signal: stop.signal,
    // On the place's own disk, which goes with it: the cache's owner could not remove what is another's.
    treeDirectory: await mkdtemp('/var/tmp/twinstack-'),
  };
  await withDeadline(imageTitle(spec), timeoutMs, surroundings, progress, (context) =>
    buildPreparedImage(recipe, spec, key, context, progress),
  );
} catch (error) {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say({ kind: 'failed', failure: error instanceof FailureError ? error.failure : null, stack });
  process.exitCode = 1;
}
