import type { NodeImage } from './node-image.ts';

/** Where a node image came from, for a report: how it was built, or which file it was imported from. */
export function describeImageSource({ origin, key }: Pick<NodeImage, 'origin' | 'key'>): string {
  if (origin.kind === 'built') return 'built from Go modules';
  return `imported from ${origin.file} (key ${key.slice(0, 12)}…), exported on ${origin.exportedAt.slice(0, 10)}`;
}
