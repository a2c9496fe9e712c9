import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCacheEntry, removeCacheEntry } from './cache-entry.ts';
import { createDebianRecipe } from './debian-recipe.ts';
import { imageDirectory, readNodeImage } from './read-node-image.ts';
import type { NodeImage, NodeImageSpec } from './node-image.ts';

/** How long the removal of an image waits for a build of the same image, in milliseconds. */
const REMOVAL_TIMEOUT_MS = 10_000;

/** Gives the node image for a release when the cache has it, and touches nothing. */
export async function findCachedNodeImage(spec: NodeImageSpec, cacheDir: string): Promise<NodeImage | null> {
  const recipe = await createDebianRecipe();
  if (!recipe.knows(spec)) return null;
  return await readNodeImage(cacheDir, await recipe.key(spec));
}

/** Every image of a cache, whatever it was made from, by key. */
export async function listNodeImages(cacheDir: string): Promise<NodeImage[]> {
  const names = await readdir(join(cacheDir, 'images')).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const keys = names.filter((name) => /^[0-9a-f]{64}$/.test(name)).sort();
  const images = await Promise.all(keys.map((key) => readNodeImage(cacheDir, key)));
  return images.filter((image) => image !== null);
}

/**
 * Removes an image from a cache, once nobody builds it. Its components and its base stay, so the next build is short.
 * @returns whether it was there.
 * @throws {FailureError} of class `infrastructure` when a build of the same image does not end within ten seconds.
 */
export async function removeNodeImage(key: string, cacheDir: string): Promise<boolean> {
  const directory = imageDirectory(cacheDir, key);
  const present = await hasCacheEntry(directory);
  const title = `the node image ${key.slice(0, 12)}`;
  const { signal } = new AbortController();
  const deadline = performance.now() + REMOVAL_TIMEOUT_MS;
  await removeCacheEntry({ directory, title }, { cacheDir, signal, deadline, report: () => undefined });
  return present;
}
