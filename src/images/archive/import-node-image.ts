import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensureCacheEntry } from '../cache/cache-entry.ts';
import { damagedExport, exportUsageFailure, PART_NAMES, type ExportManifest } from './exported-image.ts';
import { imageFailure, imagePreflightFailure } from '../image-failure.ts';
import { CHUNK_BYTES, createMeter, progress } from '../download/meter.ts';
import { NODE_INTERFACE, type NodeImage, type NodeImageSpec } from '../node-image.ts';
import { imageFiles } from '../build/pack-image.ts';
import { readExport, readExportManifest } from './read-exported-image.ts';
import {
  descriptionSchema,
  imageDirectory,
  readNodeImage,
  type ImportRecord,
} from '../cache/read-node-image.ts';
import { freeBytes } from '../../host/free-bytes.ts';
import type { BuildContext } from '../build/build-context.ts';

/** An image that is in the cache now, and whether it was before. */
export interface ImportedImage {
  readonly image: NodeImage;
  readonly outcome: 'imported' | 'found';
}

/** Left free beside the image itself, in bytes. */
const MARGIN_BYTES = 1 << 20;

/**
 * Puts an exported image into the cache, unless it is there. Everything about the file is checked before the cache shows the image,
 * and what is refused leaves nothing. Of several at once, one imports and the others wait and find it.
 * @throws {FailureError} of class `usage` for a file that is no whole export or is for another version of this program, `preflight`
 *   for one that is of no use here, and `infrastructure` for everything else; the signal's reason when aborted.
 */
export async function importNodeImage(
  file: string,
  architecture: NodeImageSpec['architecture'],
  context: BuildContext,
): Promise<ImportedImage> {
  const manifest = await readExportManifest(file, context.signal);
  requireFitting(file, manifest, architecture);
  const { key, kubernetesVersion } = manifest;
  const directory = imageDirectory(context.cacheDir, key);
  const title = `the node image ${key.slice(0, 12)} for Kubernetes ${kubernetesVersion}`;
  try {
    const outcome = await ensureCacheEntry({ directory, title }, context, async (temporary) => {
      await checkRoom(manifest, context.cacheDir);
      await unpackExport(file, manifest, temporary, context);
      const record: ImportRecord = {
        file: resolve(file),
        importedAt: new Date().toISOString(),
        exportedAt: manifest.exportedAt,
      };
      await writeFile(imageFiles(temporary).imported, `${JSON.stringify(record, null, 2)}\n`);
    });
    const image = await readNodeImage(context.cacheDir, key);
    if (image === null) throw new Error(`the cache gave no image for ${key}`);
    return { image, outcome: outcome === 'built' ? 'imported' : 'found' };
  } catch (error) {
    context.signal.throwIfAborted();
    throw imageFailure(`could not import ${file}`, error);
  }
}

/**
 * Refuses an export that no run of this program on this machine could use.
 * @throws {FailureError} as {@link importNodeImage}.
 */
export function requireFitting(
  file: string,
  manifest: Pick<ExportManifest, 'architecture' | 'nodeInterface' | 'exportedBy'>,
  architecture: NodeImageSpec['architecture'],
): void {
  if (manifest.architecture !== architecture) {
    throw imagePreflightFailure(
      `${file} is an image for ${manifest.architecture}, and this machine is ${architecture}`,
      `Export one from a machine that is ${architecture}.`,
    );
  }
  if (manifest.nodeInterface !== NODE_INTERFACE) {
    throw exportUsageFailure(
      `${file} was exported by twinstack ${manifest.exportedBy}, whose nodes this version can't use`,
      'Use that version of twinstack here, or build and export the image with this one.',
    );
  }
}

async function checkRoom({ parts }: ExportManifest, cacheDir: string): Promise<void> {
  const needed = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, MARGIN_BYTES);
  const free = await freeBytes(cacheDir);
  if (free === null || free >= needed) return;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  throw imagePreflightFailure(
    `the disk of the cache has ${megabytes(free)} free, and the image takes ${megabytes(needed)}`,
    'Make room there, or put the cache on another disk with XDG_CACHE_HOME.',
  );
}

async function unpackExport(
  file: string,
  expected: ExportManifest,
  directory: string,
  context: BuildContext,
): Promise<void> {
  const total = expected.parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const report = progress(context, `importing ${file}`, total);
  await readExport(file, context.signal, (manifest) => {
    if (JSON.stringify(manifest) !== JSON.stringify(expected))
      throw damagedExport(file, 'it changed while it was read');
    return async ({ name, sha256 }, stream) => {
      const meter = createMeter(report);
      await pipeline(
        stream,
        meter.stream,
        createWriteStream(join(directory, name), { highWaterMark: CHUNK_BYTES }),
      );
      if (meter.read().sha256 !== sha256)
        throw damagedExport(file, `${name} does not have the checksum that its manifest says`);
    };
  });
  const text = await readFile(imageFiles(directory).description, 'utf8');
  const description = descriptionSchema.safeParse(parseJson(text));
  const fits =
    description.success &&
    description.data.key === expected.key &&
    description.data.kubernetesVersion === expected.kubernetesVersion &&
    description.data.architecture === expected.architecture &&
    (description.data.nodeInterface ?? 1) === expected.nodeInterface &&
    JSON.stringify(PART_NAMES[description.data.format]) ===
      JSON.stringify(expected.parts.map(({ name }) => name));
  if (!fits) throw damagedExport(file, 'its image.json describes another image than its manifest');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
