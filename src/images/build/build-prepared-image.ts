import { writeFile } from 'node:fs/promises';
import { ensureCacheEntry } from '../cache/cache-entry.ts';
import { imageFiles } from './pack-image.ts';
import { imageDirectory } from '../cache/read-node-image.ts';
import type { BuildContext } from './build-context.ts';
import type { BuildProgress } from './build-progress.ts';
import type { NodeImageRecipe } from './node-image-recipe.ts';
import { NODE_INTERFACE, type NodeImageSpec, type SettledImageSpec } from '../node-image.ts';

/** What is built, for a reader. */
export function imageTitle(spec: NodeImageSpec): string {
  const forKind = spec.format === 'kind' ? ' and kind' : '';
  return `the node image for Kubernetes ${spec.kubernetesVersion}${forKind}`;
}

/** Builds an image into the cache of what its recipe has prepared there. Takes root, and no network. */
export async function buildPreparedImage(
  recipe: NodeImageRecipe,
  spec: SettledImageSpec,
  key: string,
  context: BuildContext,
  progress: BuildProgress,
): Promise<void> {
  const entry = { directory: imageDirectory(context.cacheDir, key), title: imageTitle(spec) };
  await ensureCacheEntry(entry, context, async (temporary) => {
    const description = await recipe.build(spec, key, temporary, context, progress);
    const content = { ...description, nodeInterface: NODE_INTERFACE, timingsMs: progress.timings };
    await writeFile(imageFiles(temporary).description, `${JSON.stringify(content, null, 2)}\n`);
  });
}
