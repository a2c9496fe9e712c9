import { readNodeImage } from '../cache/read-node-image.ts';
import type { NodeImageRecipe } from '../build/node-image-recipe.ts';
import type { NodeImage, NodeImageSpec } from '../node-image.ts';

/** The first image of a cache that a spec allows; null when it has none of them. */
export async function findCandidate(
  recipe: Pick<NodeImageRecipe, 'candidates' | 'key'>,
  spec: NodeImageSpec,
  cacheDir: string,
): Promise<NodeImage | null> {
  for (const candidate of recipe.candidates(spec)) {
    const image = await readNodeImage(cacheDir, await recipe.key(candidate));
    if (image !== null) return image;
  }
  return null;
}
