import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCacheEntry, removeCacheEntry } from './cache-entry.ts';
import { createRecipe } from '../build/create-recipe.ts';
import { findCandidate } from '../sources/find-candidate.ts';
import { imageDirectory, readNodeImage } from './read-node-image.ts';
import { NODE_INTERFACE, type NodeImage, type NodeImageSpec } from '../node-image.ts';

/** How long the removal of an image waits for a build of the same image, in milliseconds. */
const REMOVAL_TIMEOUT_MS = 10_000;

/**
 * Gives the node image for a release when the cache has it, and touches nothing. An image that was imported counts too when its key
 * is another, as one that another version of this program has built: it is for a host that can't build. The newest import first.
 */
export async function findCachedNodeImage(spec: NodeImageSpec, cacheDir: string): Promise<NodeImage | null> {
  const recipe = await createRecipe(spec.format);
  const exact = recipe.knows(spec) ? await findCandidate(recipe, spec, cacheDir) : null;
  return exact ?? findImportedNodeImage(spec, await listNodeImages(cacheDir));
}

/** The image among these that was imported last, of those that a plan for this release can use; null when there is none. */
export function findImportedNodeImage(spec: NodeImageSpec, images: readonly NodeImage[]): NodeImage | null {
  const { source: wanted = 'auto', binaries: own = [], format: asked = 'system-container' } = spec;
  const programs = (binaries: readonly { program: string; sha256: string }[]): string =>
    JSON.stringify(binaries.map(({ program, sha256 }) => `${program} ${sha256}`).sort());
  const fitting = images.filter(
    ({ format, origin, kubernetesVersion, architecture, nodeInterface, source, binaries }) =>
      format === asked &&
      (wanted === 'auto' || source === wanted) &&
      // Never without the user's own programs, and never with those of somebody else.
      programs(binaries) === programs(own) &&
      origin.kind === 'imported' &&
      kubernetesVersion === spec.kubernetesVersion &&
      architecture === spec.architecture &&
      nodeInterface === NODE_INTERFACE,
  );
  return fitting.sort((one, other) => Date.parse(other.origin.at) - Date.parse(one.origin.at))[0] ?? null;
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
