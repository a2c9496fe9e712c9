import { z } from 'zod';
import { FailureError } from '../../run/failure.ts';
import type { ImageFormat } from '../node-image.ts';

/** The newest version of an export's format that is read. */
export const EXPORT_FORMAT_VERSION = 2;

/** The version in which an image is written: the oldest that can say it. Programs that read 1 alone know no images for kind. */
export function exportFormatVersion(format: ImageFormat): number {
  return format === 'kind' ? 2 : 1;
}

/** First member of the tar archive that an export is. By its name a reader knows what it has. */
export const MANIFEST_NAME = 'twinstack-node-image.json';
/** Second member: the manifest's own checksum, as `sha256sum --check` takes it. */
export const CHECKSUM_NAME = `${MANIFEST_NAME}.sha256`;
/** The members after these, in this order, named as in the cache. */
export const PART_NAMES = {
  'system-container': ['image.json', 'metadata.tar.gz', 'rootfs.squashfs'],
  kind: ['image.json', 'node-image.tar'],
} as const satisfies Record<ImageFormat, readonly string[]>;
export type PartName = (typeof PART_NAMES)[ImageFormat][number];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const partOf = <Name extends string>(name: Name) =>
  z.object({ name: z.literal(name), sizeBytes: z.int().nonnegative(), sha256 });

/** What every version of the format has, this one included. */
export const exportHeadSchema = z.object({
  format: z.literal('twinstack-node-image'),
  formatVersion: z.int().positive(),
});

/** The first member of an export: what is in it, and everything that is needed to refuse it before more is read. */
export const exportManifestSchema = exportHeadSchema.extend({
  key: sha256,
  kubernetesVersion: z.string().max(100),
  architecture: z.string().max(100),
  nodeInterface: z.int(),
  exportedAt: z.iso.datetime(),
  /** Version of the program that wrote it. */
  exportedBy: z.string().max(100),
  parts: z.union([
    z.tuple([partOf('image.json'), partOf('metadata.tar.gz'), partOf('rootfs.squashfs')]),
    z.tuple([partOf('image.json'), partOf('node-image.tar')]),
  ]),
});
export type ExportManifest = z.infer<typeof exportManifestSchema>;

/** What takes the image in an export. */
export function formatOf({ parts }: Pick<ExportManifest, 'parts'>): ImageFormat {
  return parts.some(({ name }) => name === 'node-image.tar') ? 'kind' : 'system-container';
}

/** Largest manifest that is read into memory; ours have 1 KB. */
export const MAX_MANIFEST_BYTES = 64 * 1024;

const BLOCK = 512;
const END_BLOCKS = 2;

/** Bytes of a tar archive with members of these sizes, each with a header and filled up to whole blocks. */
export function archiveBytes(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + BLOCK + Math.ceil(size / BLOCK) * BLOCK, END_BLOCKS * BLOCK);
}

/** The plan's word for the stage in which images are exported and imported. */
const STEP = 'image';

/** A mistake in what the user named: not an export, not a file, or one that is there already. */
export function exportUsageFailure(message: string, hint: string | null): FailureError {
  return new FailureError({ class: 'usage', step: STEP, message, hint });
}

/** A file that once was an export. */
export function damagedExport(file: string, what: string, cause?: unknown): FailureError {
  const hint = 'Copy it anew and compare both copies with sha256sum, or export it anew.';
  const failure = { class: 'usage' as const, step: STEP, message: `${file} is damaged: ${what}`, hint };
  return new FailureError(failure, { cause });
}
