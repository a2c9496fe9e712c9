import { createReadStream } from 'node:fs';
import { stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { withCacheLock } from '../cache/cache-entry.ts';
import {
  archiveBytes,
  CHECKSUM_NAME,
  exportFormatVersion,
  exportManifestSchema,
  exportUsageFailure,
  MANIFEST_NAME,
  PART_NAMES,
  type ExportManifest,
  type PartName,
} from './exported-image.ts';
import { imageFailure, imagePreflightFailure } from '../image-failure.ts';
import { CHUNK_BYTES, createMeter, measureFile, progress } from '../download/meter.ts';
import { imageFiles } from '../build/pack-image.ts';
import { imageDirectory } from '../cache/read-node-image.ts';
import { sha256 } from '../build/template-files.ts';
import { writeWholeFile } from '../cache/write-whole-file.ts';
import { freeBytes } from '../../host/free-bytes.ts';
import type { WaitContext } from '../build/build-context.ts';
import type { NodeImage } from '../node-image.ts';

/** One image of the cache, and the file that it is to become. */
export interface ExportOrder {
  readonly image: NodeImage;
  /** Path as the user named it. */
  readonly file: string;
  /** Replace a file that is there. */
  readonly force: boolean;
  /** Version of this program. */
  readonly version: string;
  readonly now: Date;
}

/** What was written. */
export interface ExportedFile {
  readonly file: string;
  readonly sizeBytes: number;
  readonly manifest: ExportManifest;
}

/**
 * Writes an image of the cache as one file: a tar archive of a manifest, the manifest's checksum and the image's files as they are.
 * The file is complete or not there. Nobody can remove the image meanwhile.
 * @throws {FailureError} `usage` for a path that can't be one, `preflight` without room for it, `infrastructure` for everything else;
 *   the signal's reason when aborted.
 */
export async function exportNodeImage(order: ExportOrder, context: WaitContext): Promise<ExportedFile> {
  const { image, file } = order;
  await checkTarget(order);
  const title = `the node image ${image.key.slice(0, 12)}`;
  const directory = imageDirectory(context.cacheDir, image.key);
  return await withCacheLock(directory, title, context, async () => {
    try {
      const manifest = await makeManifest(order, context);
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      const checksum = `${sha256(text)}  ${MANIFEST_NAME}\n`;
      const sizes = [text, checksum].map((part) => Buffer.byteLength(part));
      const sizeBytes = archiveBytes([...sizes, ...manifest.parts.map((part) => part.sizeBytes)]);
      await checkRoom(file, sizeBytes);
      await writeWholeFile(file, async (handle) => {
        const report = progress(context, `writing ${file}`, sizeBytes);
        await writeArchive(handle, context.signal, async (tar) => {
          await addText(tar, MANIFEST_NAME, text);
          await addText(tar, CHECKSUM_NAME, checksum);
          for (const part of manifest.parts) await addPart(tar, part, pathOf(directory, part.name), report);
        });
      });
      return { file, sizeBytes, manifest };
    } catch (error) {
      context.signal.throwIfAborted();
      throw exportFailure(file, error);
    }
  });
}

function pathOf(directory: string, name: PartName): string {
  const files = imageFiles(directory);
  const paths = {
    'image.json': files.description,
    'metadata.tar.gz': files.metadata,
    'rootfs.squashfs': files.rootfs,
    'node-image.tar': files.archive,
  };
  return paths[name];
}

async function checkTarget({ file, force }: ExportOrder): Promise<void> {
  const there = await stat(file).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw exportUsageFailure(`${file} can't be written: ${describe(error)}`, 'Name another file.');
  });
  if (there === null) {
    const folder = await stat(dirname(file)).catch(() => null);
    if (folder?.isDirectory() === true) return;
    throw exportUsageFailure(`${dirname(file)} is no folder, so ${file} can't be written`, 'Make it first.');
  }
  if (there.isDirectory()) {
    throw exportUsageFailure(`${file} is a folder`, `Name a file in it, such as ${file}/node-image.tar.`);
  }
  if (!there.isFile()) throw exportUsageFailure(`${file} is no regular file`, 'Name another file.');
  if (!force)
    throw exportUsageFailure(`${file} is there already`, 'Replace it with --force, or name another file.');
}

async function checkRoom(file: string, needed: number): Promise<void> {
  const free = await freeBytes(dirname(file));
  if (free === null || free >= needed) return;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  throw imagePreflightFailure(
    `${dirname(file)} has ${megabytes(free)} free, and the export takes ${megabytes(needed)}`,
    'Make room there, or name a file on another disk.',
  );
}

async function makeManifest(order: ExportOrder, context: WaitContext): Promise<ExportManifest> {
  const { image, version, now } = order;
  const report = progress(context, 'reading the image', image.sizeBytes);
  const directory = imageDirectory(context.cacheDir, image.key);
  const parts: { name: PartName; sizeBytes: number; sha256: string }[] = [];
  for (const name of PART_NAMES[image.format])
    parts.push({ name, ...(await measureFile(pathOf(directory, name), context.signal, report)) });
  return exportManifestSchema.parse({
    format: 'twinstack-node-image',
    formatVersion: exportFormatVersion(image.format),
    key: image.key,
    kubernetesVersion: image.kubernetesVersion,
    architecture: image.architecture,
    nodeInterface: image.nodeInterface,
    exportedAt: now.toISOString(),
    exportedBy: version,
    parts,
  });
}

/** Writes a tar archive and waits until both ends are done: nothing may still write when its file is removed. */
async function writeArchive(
  handle: FileHandle,
  signal: AbortSignal,
  fill: (tar: Pack) => Promise<void>,
): Promise<void> {
  const tar = pack();
  // No stream of the handle's own: that would close it.
  const toDisk = async (chunks: AsyncIterable<unknown>): Promise<void> => {
    for await (const chunk of chunks) await handle.writeFile(chunk as Uint8Array);
  };
  const written = pipeline(tar, toDisk, { signal });
  const filled = fill(tar).then(
    () => tar.finalize(),
    (error: unknown) => {
      tar.destroy(error as Error);
      throw error;
    },
  );
  const [writing, filling] = await Promise.allSettled([written, filled]);
  if (writing.status === 'rejected') throw writing.reason;
  if (filling.status === 'rejected') throw filling.reason;
}

async function addText(tar: Pack, name: string, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    tar.entry({ name, mode: 0o644, mtime: new Date(0) }, text, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

async function addPart(
  tar: Pack,
  part: ExportManifest['parts'][number],
  path: string,
  report: (count: number) => void,
): Promise<void> {
  const entry = tar.entry({ name: part.name, mode: 0o644, mtime: new Date(0), size: part.sizeBytes });
  const meter = createMeter(report);
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const error = await pipeline(source, meter.stream, entry).catch((error: Error) => error);
  // The archive's writer takes exactly as much as it was told of.
  const changed =
    error === undefined ? meter.read().sha256 !== part.sha256 : error.message === 'Size mismatch';
  if (changed) throw new Error(`${path} changed while it was read`);
  if (error !== undefined) throw error;
}

function exportFailure(file: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return exportUsageFailure(
      `${file} can't be written: ${describe(error)}`,
      'Name a file in a folder of yours.',
    );
  const hint = 'Make room there, or name a file on another disk.';
  return imageFailure(`could not write ${file}`, error, code === 'ENOSPC' ? hint : null);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
