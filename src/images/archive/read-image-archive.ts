import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { z } from 'zod';
import { MANIFEST_NAME } from './exported-image.ts';
import { CHUNK_BYTES, createMeter } from '../download/meter.ts';
import type { ImageArchive } from './image-archive.ts';

/** What is wrong with an archive, as words that follow its name. */
export class ImageArchiveError extends Error {
  override readonly name = 'ImageArchiveError';
}

const OCI_INDEX = 'index.json';
const DOCKER_MANIFEST = 'manifest.json';
/** Indexes have some KB, also those of large images. */
const MAX_INDEX_BYTES = 4 << 20;
const OPENING_BRACE = 0x7b;
const GZIP_MAGIC = '1f8b';
const ZSTD_MAGIC = '28b52ffd';

const annotations = z.record(z.string(), z.string()).optional();
const ociManifest = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string() })),
});
const ociIndex = z.object({ manifests: z.array(z.object({ digest: z.string(), annotations })) });
const dockerManifest = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }),
);

/** Largest blob that may be an image's manifest; layers are mostly larger. */
const MAX_MANIFEST_BYTES = 256 * 1024;

/** What an archive has: names of its members, and the content of those that may say what others are. */
interface Contents {
  readonly names: Set<string>;
  readonly indexes: Map<string, Buffer>;
}

/**
 * Looks at an archive that `docker save` or an OCI tool wrote: whether it is whole, and which images it has. It is read once, piece
 * by piece, whatever its size.
 * @throws {ImageArchiveError} for everything that no node could load.
 */
export async function readImageArchive(file: string, signal: AbortSignal): Promise<ImageArchive> {
  const found = await stat(file).catch((error: unknown) => {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ImageArchiveError(missing ? 'does not exist' : `can't be read: ${(error as Error).message}`);
  });
  if (!found.isFile())
    throw new ImageArchiveError(found.isDirectory() ? 'is a folder' : 'is no regular file');
  if (found.size === 0) throw new ImageArchiveError('is empty');
  const meter = createMeter();
  try {
    const contents = await readContents(file, await decompressorOf(file), meter.stream, signal);
    return { file, ...meter.read(), references: referencesOf(contents) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ImageArchiveError) throw error;
    throw new ImageArchiveError(`is no tar archive, or a damaged one (${(error as Error).message})`);
  }
}

async function decompressorOf(file: string): Promise<NodeJS.ReadWriteStream> {
  const handle = await open(file, 'r');
  try {
    const start = Buffer.alloc(4);
    await handle.read(start, 0, start.length, 0);
    const magic = start.toString('hex');
    if (magic === ZSTD_MAGIC) throw new ImageArchiveError('is compressed with zstd: unpack it with zstd -d');
    return magic.startsWith(GZIP_MAGIC) ? createGunzip() : new PassThrough();
  } finally {
    await handle.close();
  }
}

async function readContents(
  file: string,
  decompressor: NodeJS.ReadWriteStream,
  meter: NodeJS.ReadWriteStream,
  signal: AbortSignal,
): Promise<Contents> {
  const contents: Contents = { names: new Set(), indexes: new Map() };
  const archive = extract();
  const read = pipeline(
    createReadStream(file, { highWaterMark: CHUNK_BYTES }),
    meter,
    decompressor,
    archive,
    { signal },
  );
  // Told below, or by the members, which end with it.
  read.catch(() => undefined);
  for await (const member of archive) {
    const name = member.header.name.replace(/^(\.\/)+/, '');
    contents.names.add(name);
    if (name === MANIFEST_NAME)
      throw new ImageArchiveError('is a node image: write it at image, not among the images that nodes load');
    const blob = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
    if (name === OCI_INDEX || name === DOCKER_MANIFEST) {
      if (member.header.size > MAX_INDEX_BYTES)
        throw new ImageArchiveError(`has a ${name} that is too large`);
      contents.indexes.set(name, await buffer(member));
    } else if (blob !== undefined && member.header.type === 'file') {
      const hash = createHash('sha256');
      const kept: Uint8Array[] = [];
      for await (const chunk of member) {
        hash.update(chunk as Uint8Array);
        if (member.header.size <= MAX_MANIFEST_BYTES) kept.push(chunk as Uint8Array);
      }
      // Of the others none begins as JSON does.
      const small = Buffer.concat(kept);
      if (small[0] === OPENING_BRACE) contents.indexes.set(name, small);
      if (hash.digest('hex') !== blob) throw new ImageArchiveError(`is damaged: ${name} has another content`);
    } else member.resume();
  }
  await read;
  return contents;
}

function referencesOf(contents: Contents): string[] {
  const index = contents.indexes.get(OCI_INDEX);
  const manifest = contents.indexes.get(DOCKER_MANIFEST);
  // As containerd does: an archive that has both is read as an OCI layout.
  if (index !== undefined && contents.names.has('oci-layout')) return ociReferences(index, contents);
  if (manifest !== undefined) return dockerReferences(manifest, contents.names);
  throw new ImageArchiveError(
    'is no image archive: it has neither an index.json (OCI layout) nor a manifest.json (docker save)',
  );
}

function ociReferences(text: Buffer, { names, indexes }: Contents): string[] {
  const { manifests } = parse(ociIndex, text, OCI_INDEX);
  const blobOf = (digest: string): string => `blobs/${digest.replace(':', '/')}`;
  for (const { digest } of manifests) {
    requireMember(blobOf(digest), names);
    // An index of several platforms may leave out those that nobody asked for.
    const manifest = ociManifest.safeParse(jsonOf(indexes.get(blobOf(digest))));
    if (!manifest.success) continue;
    const { config, layers } = manifest.data;
    for (const part of [config, ...layers]) requireMember(blobOf(part.digest), names);
  }
  const references = manifests.flatMap(({ annotations = {} }) => {
    const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name'];
    return name === undefined ? [] : [name];
  });
  for (const reference of references) {
    if (fullReference(reference) === reference) continue;
    throw new ImageArchiveError(
      `names an image ${JSON.stringify(reference)}, which no pod can name like that: write it with its registry and tag, ` +
        `such as ${fullReference(reference)}`,
    );
  }
  return named(references);
}

function dockerReferences(text: Buffer, names: ReadonlySet<string>): string[] {
  const images = parse(dockerManifest, text, DOCKER_MANIFEST);
  for (const { Config, Layers } of images) for (const name of [Config, ...Layers]) requireMember(name, names);
  return named(images.flatMap(({ RepoTags }) => (RepoTags ?? []).map(fullReference)));
}

function parse<T>(schema: z.ZodType<T>, text: Buffer, name: string): T {
  const data = jsonOf(text);
  if (data === undefined) throw new ImageArchiveError(`is damaged: its ${name} is no JSON`);
  const result = schema.safeParse(data);
  if (!result.success) throw new ImageArchiveError(`has a ${name} that is none of an image archive`);
  return result.data;
}

function jsonOf(text: Buffer | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text.toString('utf8')) as unknown);
  } catch {
    return undefined;
  }
}

function requireMember(name: string, names: ReadonlySet<string>): void {
  if (!names.has(name)) throw new ImageArchiveError(`is not whole: it has no ${name}`);
}

function named(references: readonly string[]): string[] {
  if (references.length > 0) return [...new Set(references)];
  throw new ImageArchiveError('names no image: save it by its name, such as docker save web:1.0');
}

/** A name as containerd and the kubelet complete it: registry, `library/`, tag. */
function fullReference(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? name : `docker.io/${rest.length === 0 ? 'library/' : ''}${name}`;
  return /[:@][^/]+$/.test(path) ? path : `${path}:latest`;
}
