import { mkdir, writeFile } from 'node:fs/promises';
import { sampleDescription, sampleKey } from './sample-node-image.ts';
import { imageFiles } from '../../src/images/build/pack-image.ts';
import { imageDirectory, readNodeImage } from '../../src/images/cache/read-node-image.ts';
import type { KindImage } from '../../src/images/node-image.ts';

/** Puts an image for kind into a cache, of which no engine would make a node. */
export async function addKindImage(cacheDir: string, key = sampleKey('kind')): Promise<KindImage> {
  const reference = `twinstack.local/kind-node:v1.2.3-${key.slice(0, 12)}`;
  const directory = imageDirectory(cacheDir, key);
  const files = imageFiles(directory);
  await mkdir(directory, { recursive: true });
  await writeFile(files.description, JSON.stringify(sampleDescription({ key, format: 'kind', reference })));
  await writeFile(files.archive, 'an archive of an image'.repeat(40));
  const image = await readNodeImage(cacheDir, key);
  if (image?.format !== 'kind') throw new Error('the sample image is none for kind');
  return image;
}
