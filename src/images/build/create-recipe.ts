import { createDebianRecipe } from './debian-recipe.ts';
import { createKindRecipe } from './kind-recipe.ts';
import type { NodeImageRecipe } from './node-image-recipe.ts';
import type { ImageFormat } from '../node-image.ts';

/** The recipe of this package's templates for a format, for this host. */
export async function createRecipe(format: ImageFormat = 'system-container'): Promise<NodeImageRecipe> {
  return format === 'kind' ? await createKindRecipe() : await createDebianRecipe();
}
