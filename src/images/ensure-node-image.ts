import { mkdir, writeFile } from 'node:fs/promises';
import { BuildProgress } from './build-progress.ts';
import { ensureCacheEntry } from './cache-entry.ts';
import { buildAsRoot } from './build-as-root.ts';
import { createDebianRecipe } from './debian-recipe.ts';
import { imageDirectory, readNodeImage } from './read-node-image.ts';
import { imageFiles } from './pack-image.ts';
import { FailureError } from '../run/failure.ts';
import type { BuildContext } from './build-context.ts';
import type { NodeImageRecipe } from './node-image-recipe.ts';
import type { ImageProgress, NodeImage, NodeImageSpec } from './node-image.ts';
import type { CommandRunner } from '../process/command-runner.ts';

/** What a build of a node image needs of its caller. */
export interface NodeImageDependencies {
  /** Absolute path; created when it is not there. */
  readonly cacheDir: string;
  readonly runner: CommandRunner;
  readonly signal: AbortSignal;
  /** The whole build's deadline, waiting for another build included. */
  readonly timeoutMs: number;
  onProgress(progress: ImageProgress): void;
}

/**
 * Gives the node image for a release from the cache, or builds it. Of several at once with the same cache, one builds and the others
 * wait for it. What was finished when a build ends early, such as the programs of a component, is kept for the next. The build
 * itself takes root; for everybody else it goes through `sudo -n`, and what it leaves belongs to the cache's owner.
 * @throws {FailureError} of class `usage` for a release that we do not know, `preflight` when this host can't build, and
 *   `infrastructure` for everything else; the signal's reason when aborted.
 */
export async function ensureNodeImage(spec: NodeImageSpec, deps: NodeImageDependencies): Promise<NodeImage> {
  const recipe = await createDebianRecipe();
  if (process.geteuid?.() === 0) return await ensureNodeImageWith(recipe, spec, deps);
  const key = await recipe.key(spec);
  const cached = await readNodeImage(deps.cacheDir, key);
  if (cached !== null) return cached;
  await mkdir(deps.cacheDir, { recursive: true, mode: 0o755 });
  const deadline = performance.now() + deps.timeoutMs;
  await recipe.preflight(spec, { ...deps, deadline, report: () => undefined });
  await buildAsRoot(spec, deps);
  const image = await readNodeImage(deps.cacheDir, key);
  if (image === null) throw new Error(`the build as root gave no image for ${key}`);
  return image;
}

/** {@link ensureNodeImage} with another recipe. */
export async function ensureNodeImageWith(
  recipe: NodeImageRecipe,
  spec: NodeImageSpec,
  deps: NodeImageDependencies,
): Promise<NodeImage> {
  const { cacheDir, runner } = deps;
  deps.signal.throwIfAborted();
  const key = await recipe.key(spec);
  const cached = await readNodeImage(cacheDir, key);
  if (cached !== null) return cached;

  const title = `the node image for Kubernetes ${spec.kubernetesVersion}`;
  const progress = new BuildProgress(recipe.stepCount(spec), (event) => deps.onProgress(event));
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(lateFailure(title, deps.timeoutMs, progress.running)),
    deps.timeoutMs,
  );
  const context: BuildContext = {
    cacheDir,
    runner,
    signal: AbortSignal.any([deps.signal, late.signal]),
    deadline: performance.now() + deps.timeoutMs,
    report: (detail) => progress.tell(`${title}: ${detail}`),
  };
  try {
    await mkdir(cacheDir, { recursive: true, mode: 0o755 });
    const directory = imageDirectory(cacheDir, key);
    progress.tell(`Preparing ${title}`);
    await recipe.preflight(spec, context);
    await ensureCacheEntry({ directory, title }, context, async (temporary) => {
      const description = await recipe.build(spec, key, temporary, context, progress);
      const content = { ...description, timingsMs: progress.timings };
      await writeFile(imageFiles(temporary).description, `${JSON.stringify(content, null, 2)}\n`);
    });
  } finally {
    clearTimeout(timer);
  }
  const image = await readNodeImage(cacheDir, key);
  if (image === null) throw new Error(`the cache gave no image for ${key}`);
  return image;
}

function lateFailure(title: string, timeoutMs: number, running: readonly string[]): FailureError {
  const minutes = Math.round(timeoutMs / 6000) / 10;
  return new FailureError({
    class: 'infrastructure',
    step: 'image',
    message: `${title} was not ready within ${minutes} min; it was at: ${running.join('; ')}`,
    hint: 'Try again: the parts that were finished are kept, and the build goes on from there.',
  });
}
