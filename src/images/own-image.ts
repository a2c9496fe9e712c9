import { resolve } from 'node:path';
import { listNodeImages } from './cache/cached-images.ts';
import { exportUsageFailure, formatOf } from './archive/exported-image.ts';
import { importNodeImage, requireFitting } from './archive/import-node-image.ts';
import { readExportManifest } from './archive/read-exported-image.ts';
import type { BuildContext } from './build/build-context.ts';
import type { ImageFormat, NodeImage, NodeImageSpec } from './node-image.ts';

/** A node image that a scenario names itself: in the cache, or in a file that has been looked at and not been imported. */
export type OwnImage =
  | { readonly kind: 'cached'; readonly image: NodeImage }
  | { readonly kind: 'file'; readonly file: string; readonly key: string };

/** What is read as the beginning of a key; a file of such a name is written with a folder, as `./cafe`. */
const KEY = /^[0-9a-f]{4,64}$/;

/**
 * Finds the image that a scenario names, by file or by key.
 * @param base folder that a relative path begins at.
 * @throws {FailureError} of class `usage` when there is none or it is for another release, `preflight` when it is for another machine.
 */
export async function findOwnImage(
  name: string,
  base: string,
  spec: NodeImageSpec,
  cacheDir: string,
  signal: AbortSignal,
): Promise<OwnImage> {
  if (!KEY.test(name)) {
    const file = resolve(base, name);
    const manifest = await readExportManifest(file, signal);
    requireFitting(file, manifest, spec.architecture);
    requireRelease(file, manifest.kubernetesVersion, spec);
    requireFormat(file, formatOf(manifest), spec);
    return { kind: 'file', file, key: manifest.key };
  }
  const meant = (await listNodeImages(cacheDir)).filter(({ key }) => key.startsWith(name));
  const [image] = meant;
  if (image === undefined || meant.length > 1) {
    throw exportUsageFailure(
      `${meant.length === 0 ? 'no node image' : 'more than one node image'} in the cache has a key that begins with ${name}`,
      `\`image list\` shows them. A file of that name is written ./${name}.`,
    );
  }
  requireRelease(`the node image ${key12(image)}`, image.kubernetesVersion, spec);
  requireFormat(`the node image ${key12(image)}`, image.format, spec);
  requireFitting(`the node image ${key12(image)}`, { ...image, exportedBy: 'another' }, spec.architecture);
  return { kind: 'cached', image };
}

/** The image in the cache, imported if it is not there. */
export async function ensureOwnImage(
  own: OwnImage,
  architecture: NodeImageSpec['architecture'],
  context: BuildContext,
): Promise<NodeImage> {
  return own.kind === 'cached' ? own.image : (await importNodeImage(own.file, architecture, context)).image;
}

function key12({ key }: NodeImage): string {
  return key.slice(0, 12);
}

function requireRelease(what: string, kubernetesVersion: string, spec: NodeImageSpec): void {
  if (kubernetesVersion === spec.kubernetesVersion) return;
  throw exportUsageFailure(
    `${what} has Kubernetes ${kubernetesVersion}, and the scenario asks for ${spec.kubernetesVersion}`,
    'Change distribution.version, or name another image.',
  );
}

const TAKEN_BY: Readonly<Record<ImageFormat, string>> = { 'system-container': 'LXD and Incus', kind: 'kind' };

function requireFormat(
  what: string,
  format: ImageFormat,
  { format: wanted = 'system-container' }: NodeImageSpec,
): void {
  if (format === wanted) return;
  throw exportUsageFailure(
    `${what} is for ${TAKEN_BY[format]}, and the scenario's provider is not`,
    `Name an image for ${TAKEN_BY[wanted]}; \`image list\` shows what is there.`,
  );
}
