import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ARCHITECTURE_NAMES } from '../architecture.ts';
import { hasCacheEntry } from './cache-entry.ts';
import { imageFiles } from '../build/pack-image.ts';
import { IMAGE_FORMATS, type ImageOrigin, type NodeImage } from '../node-image.ts';

/** What `image.json` holds: paths and size are where the files are, and so not written. */
export const descriptionSchema = z.object({
  schemaVersion: z.literal(1),
  key: z.string(),
  /** Only of an image for kind, and then with its name. */
  format: z.enum(IMAGE_FORMATS).default('system-container'),
  reference: z.string().optional(),
  kubernetesVersion: z.string(),
  architecture: z.enum(ARCHITECTURE_NAMES),
  components: z.record(z.string(), z.string()),
  images: z.object({
    nginxdualstack: z.string(),
    probe: z.string(),
    pause: z.string(),
    coredns: z.string(),
    etcd: z.string(),
    kubeProxy: z.string(),
    /** Images of interface 1 have none: they are listed and removed, and no plan takes them. */
    flannel: z.string().default(''),
  }),
  imageRepository: z.string(),
  /** Images of the first version say nothing: all of them were built from Go modules. */
  source: z.enum(['go', 'release']).default('go'),
  binaries: z
    .array(z.object({ program: z.string(), sha256: z.string(), version: z.string().nullable() }))
    .default([]),
  /** Milliseconds that each step took when the image was built. */
  timingsMs: z.record(z.string(), z.number()),
  /** `NODE_INTERFACE` of what built it; 1 where it does not say. */
  nodeInterface: z.int().optional(),
});

/** What `imported.json` holds, beside the times in ISO 8601. */
const importedSchema = z.object({ file: z.string(), importedAt: z.string(), exportedAt: z.string() });
export type ImportRecord = z.infer<typeof importedSchema>;

/** The content of an image's `image.json`. */
export type ImageDescription = z.infer<typeof descriptionSchema>;

/** Where an image of that key is in a cache, or will be. */
export function imageDirectory(cacheDir: string, key: string): string {
  return join(cacheDir, 'images', key);
}

/** Reads one image of a cache; null when it is not there. */
export async function readNodeImage(cacheDir: string, key: string): Promise<NodeImage | null> {
  const directory = imageDirectory(cacheDir, key);
  if (!(await hasCacheEntry(directory))) return null;
  const files = imageFiles(directory);
  const description = descriptionSchema.safeParse(JSON.parse(await readFile(files.description, 'utf8')));
  // Of another version of this program, which keyed it otherwise.
  if (!description.success || description.data.key !== key) return null;
  const { format, reference, kubernetesVersion, architecture, components, images, imageRepository } =
    description.data;
  const { nodeInterface = 1, source, binaries } = description.data;
  const origin = await originOf(files);
  const programs = { components, source, binaries, images, imageRepository, nodeInterface };
  const content = { key, kubernetesVersion, architecture, ...programs, origin };
  if (format === 'kind') {
    const { size: sizeBytes } = await stat(files.archive);
    if (reference === undefined) throw new Error(`${files.description} does not say how the image is named`);
    return { ...content, format, sizeBytes, archiveFile: files.archive, reference };
  }
  const { size: sizeBytes } = await stat(files.rootfs);
  return { ...content, format, sizeBytes, metadataFile: files.metadata, rootfsFile: files.rootfs };
}

async function originOf(files: ReturnType<typeof imageFiles>): Promise<ImageOrigin> {
  const text = await readFile(files.imported, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return { kind: 'built', at: (await stat(files.description)).mtime.toISOString() };
  const { file, importedAt, exportedAt } = importedSchema.parse(JSON.parse(text));
  return { kind: 'imported', at: importedAt, file, exportedAt };
}
