import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, type Extract, type Header } from 'tar-stream';
import {
  archiveBytes,
  CHECKSUM_NAME,
  damagedExport,
  EXPORT_FORMAT_VERSION,
  exportHeadSchema,
  exportManifestSchema,
  exportUsageFailure,
  MANIFEST_NAME,
  MAX_MANIFEST_BYTES,
  type ExportManifest,
} from './exported-image.ts';
import { CHUNK_BYTES } from '../download/meter.ts';
import { sha256 } from '../build/template-files.ts';
import { FailureError } from '../../run/failure.ts';

/** A member of a tar archive: its header, and its content as a stream. */
type Source = Extract extends AsyncIterable<infer Member> ? Member : never;

/** Where a member's name and its kind of header are, in a tar archive's first block. */
const NAME_BYTES = 100;
const MAGIC = { at: 257, text: 'ustar' };

/**
 * Reads what an export says of itself, and checks that against the file's size; the parts are not read.
 * @throws {FailureError} of class `usage` for everything that is no whole export, with what it is.
 */
export async function readExportManifest(file: string, signal: AbortSignal): Promise<ExportManifest> {
  let manifest: ExportManifest | null = null;
  await readExport(file, signal, (found) => {
    manifest = found;
    return null;
  });
  if (manifest === null) throw damagedExport(file, 'it ends before its manifest does');
  return manifest;
}

/** Takes one part of an export; must read the stream to its end. */
export type PartReader = (part: ExportManifest['parts'][number], stream: Source) => Promise<void>;

/**
 * Reads an export from its beginning: its manifest, and then each part. What the manifest says of sizes holds; checksums of parts are
 * left to who takes them. `onManifest` gives the reader of the parts, or null to end there.
 */
export async function readExport(
  file: string,
  signal: AbortSignal,
  onManifest: (manifest: ExportManifest) => PartReader | null | Promise<PartReader | null>,
): Promise<void> {
  const size = await checkFile(file);
  const archive = extract();
  const read = pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES }), archive, { signal });
  // Who stops early breaks it on purpose.
  read.catch(() => undefined);
  const members = archive[Symbol.asyncIterator]();
  const next = async (name: string): Promise<Source> => {
    const member = await members.next();
    if (member.done === true) throw damagedExport(file, `it has no ${name}`);
    requireMember(file, member.value.header, name);
    return member.value;
  };
  try {
    const first = await next(MANIFEST_NAME);
    const body = await smallMember(file, first);
    const checksum = await smallMember(file, await next(CHECKSUM_NAME));
    const manifest = parseManifest(file, body, checksum);
    const sizes = [body.length, checksum.length, ...manifest.parts.map(({ sizeBytes }) => sizeBytes)];
    requireSize(file, size, archiveBytes(sizes));
    const takePart = await onManifest(manifest);
    if (takePart === null) return;
    for (const part of manifest.parts) {
      const entry = await next(part.name);
      if (entry.header.size !== part.sizeBytes)
        throw damagedExport(file, `${part.name} has another size than its manifest says`);
      await takePart(part, entry);
    }
    const more = await members.next();
    if (more.done !== true) throw damagedExport(file, 'it has more members than its manifest names');
    await read;
  } catch (error) {
    signal.throwIfAborted();
    throw readingFailure(file, error);
  } finally {
    await members.return?.();
    archive.destroy();
  }
}

/** @returns the file's size in bytes. */
async function checkFile(file: string): Promise<number> {
  const found = await stat(file).catch((error: unknown) => {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'there is no such file' : `it can't be read (${(error as Error).message})`;
    throw exportUsageFailure(`${file}: ${why}`, 'Name the file that `image export` wrote.');
  });
  const none = (what: string): FailureError =>
    exportUsageFailure(
      `${file} is no node image that \`image export\` wrote: ${what}`,
      'Write one with `image export FILE` on a host that has the image.',
    );
  if (!found.isFile()) throw none(found.isDirectory() ? 'it is a folder' : 'it is no regular file');
  if (found.size === 0) throw damagedExport(file, 'it is empty');
  const block = Buffer.alloc(512);
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw exportUsageFailure(`${file} can't be read: ${(error as Error).message}`, null);
  });
  try {
    await handle.read(block, 0, block.length, 0);
  } finally {
    await handle.close();
  }
  const name = block.subarray(0, NAME_BYTES).toString('latin1').replace(/\0.*$/s, '');
  const isTar = block.toString('latin1', MAGIC.at, MAGIC.at + MAGIC.text.length) === MAGIC.text;
  // Less than a block tells by its beginning alone what it was.
  if (found.size < block.length && MANIFEST_NAME.startsWith(name) && name !== '')
    throw damagedExport(file, `it was cut off after ${found.size} bytes`);
  if (!isTar) throw none('it is no tar archive');
  if (name !== MANIFEST_NAME)
    throw none(`it is a tar archive of something else, beginning with ${JSON.stringify(name)}`);
  return found.size;
}

/** Names are compared, never used as paths: whatever else a member is called leads nowhere. */
function requireMember(file: string, { name, type }: Header, expected: string): void {
  if (name === expected && type === 'file') return;
  throw damagedExport(file, `${JSON.stringify(name)} is where ${expected} should be`);
}

async function smallMember(file: string, entry: Source): Promise<Buffer> {
  const { name, size = 0 } = entry.header;
  if (size > MAX_MANIFEST_BYTES) throw damagedExport(file, `its ${name} claims to have ${size} bytes`);
  return await buffer(entry);
}

function parseManifest(file: string, body: Buffer, checksum: Buffer): ExportManifest {
  if (checksum.toString('latin1') !== `${sha256(body)}  ${MANIFEST_NAME}\n`)
    throw damagedExport(file, 'its manifest does not have the checksum that it should have');
  let data: unknown;
  try {
    data = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw damagedExport(file, 'its manifest is no JSON', error);
  }
  const head = exportHeadSchema.safeParse(data);
  if (!head.success) throw damagedExport(file, 'its manifest is none of a node image');
  const { formatVersion } = head.data;
  if (formatVersion > EXPORT_FORMAT_VERSION) {
    throw exportUsageFailure(
      `${file} has format ${formatVersion}, and this version of twinstack reads format ${EXPORT_FORMAT_VERSION}`,
      'Use the version of twinstack here that exported it, or export it with this one.',
    );
  }
  const manifest = exportManifestSchema.safeParse(data);
  if (!manifest.success) {
    const issue = manifest.error.issues[0];
    throw damagedExport(
      file,
      `its manifest is wrong at ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? '?'}`,
    );
  }
  return manifest.data;
}

function requireSize(file: string, size: number, expected: number): void {
  if (size < expected) throw damagedExport(file, `it has ${size} bytes of ${expected}, so it was cut off`);
  if (size > expected) throw damagedExport(file, `it has ${size} bytes, ${size - expected} too many`);
}

function readingFailure(file: string, error: unknown): unknown {
  if (error instanceof FailureError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  // The system's own errors have a code; what the archive's reader says is about the file's content.
  return code?.startsWith('E') === true && !code.startsWith('ERR_')
    ? error
    : damagedExport(file, message, error);
}
