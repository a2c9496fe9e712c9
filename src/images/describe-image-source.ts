import type { ImageSource, NodeImage } from './node-image.ts';

const SOURCES: Readonly<Record<ImageSource, string>> = {
  go: 'built from Go modules',
  release: 'official release binaries, checksums verified, and Flannel from Go modules',
};

/** Where an image's programs came from. */
export function describePrograms({ source, binaries }: Pick<NodeImage, 'source' | 'binaries'>): string {
  if (binaries.length === 0) return SOURCES[source];
  return `${SOURCES[source]}, with your own ${binaries.map(({ program }) => program).join(', ')}`;
}

/** Where a node image came from, for a report: how it was made, or which file it was imported from. */
export function describeImageSource(
  image: Pick<NodeImage, 'origin' | 'key' | 'source' | 'binaries'>,
): string {
  const { origin, key } = image;
  if (origin.kind === 'built') return describePrograms(image);
  return `imported from ${origin.file} (key ${key.slice(0, 12)}…), exported on ${origin.exportedAt.slice(0, 10)}`;
}
