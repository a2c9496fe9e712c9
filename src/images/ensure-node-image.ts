import { mkdir } from 'node:fs/promises';
import { withDeadline } from './build/build-deadline.ts';
import { buildInRootPlace } from './build/build-in-root-place.ts';
import { buildPreparedImage, imageTitle } from './build/build-prepared-image.ts';
import { BuildProgress } from './build/build-progress.ts';
import { createRecipe } from './build/create-recipe.ts';
import { findCandidate } from './sources/find-candidate.ts';
import { readNodeImage } from './cache/read-node-image.ts';
import type { NodeImageRecipe } from './build/node-image-recipe.ts';
import type { ImageProgress, NodeImage, NodeImageSpec } from './node-image.ts';
import type { CommandRunner } from '../process/command-runner.ts';
import type { RootPlace } from './build/root-place.ts';

/** What a build of a node image needs of its caller. */
export interface NodeImageDependencies {
  /** Absolute path; created when it is not there. */
  readonly cacheDir: string;
  readonly runner: CommandRunner;
  /** Where the part of a build that takes root is done; null: here, by a process that is root. */
  readonly rootPlace: RootPlace | null;
  readonly signal: AbortSignal;
  /** The whole build's deadline, waiting for another build included. */
  readonly timeoutMs: number;
  onProgress(progress: ImageProgress): void;
}

/**
 * Gives the node image for a release from the cache, or builds it. Of several at once with the same cache, one builds and the others
 * wait for it. What was finished when a build ends early, such as the programs of a component, is kept for the next. Fetching and
 * compiling is done as the user; what takes root is done here by root, and in the root place for everybody else.
 * @throws {FailureError} of class `usage` for a release that we do not know, `preflight` when this host can't build, and
 *   `infrastructure` for everything else; the signal's reason when aborted.
 */
export async function ensureNodeImage(spec: NodeImageSpec, deps: NodeImageDependencies): Promise<NodeImage> {
  return await ensureNodeImageWith(await createRecipe(spec.format), spec, deps);
}

/** {@link ensureNodeImage} with another recipe. */
export async function ensureNodeImageWith(
  recipe: NodeImageRecipe,
  spec: NodeImageSpec,
  deps: NodeImageDependencies,
): Promise<NodeImage> {
  const { cacheDir, runner, signal, timeoutMs, rootPlace } = deps;
  signal.throwIfAborted();
  const cached = await findCandidate(recipe, spec, cacheDir);
  if (cached !== null) return cached;

  const title = imageTitle(spec);
  const progress = new BuildProgress(recipe.stepCount(spec), (event) => deps.onProgress(event));
  const key = await withDeadline(
    title,
    timeoutMs,
    { cacheDir, runner, signal },
    progress,
    async (context) => {
      await mkdir(cacheDir, { recursive: true, mode: 0o755 });
      progress.tell(`Preparing ${title}`);
      const settled = await recipe.settle(spec, context);
      const key = await recipe.key(settled);
      await recipe.preflight(settled, context);
      await rootPlace?.check(context.signal);
      await recipe.prepare(settled, context, progress);
      if (rootPlace === null) await buildPreparedImage(recipe, settled, key, context, progress);
      else
        await buildInRootPlace(rootPlace, { spec: settled, key, title }, context, progress, deps.onProgress);
      return key;
    },
  );
  const image = await readNodeImage(cacheDir, key);
  if (image === null) throw new Error(`the cache gave no image for ${key}`);
  return image;
}
