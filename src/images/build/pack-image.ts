import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { stringify } from 'yaml';
import { ARCHITECTURES } from '../architecture.ts';
import { runContained } from './run-tool.ts';
import type { BuildContext } from './build-context.ts';
import type { NodeImageSpec } from '../node-image.ts';

/** Packs a tree as the squashfs that LXD and Incus import. lz4: they unpack it for each first use, and lz4 unpacks fastest. */
export async function packRootFilesystem(tree: string, file: string, context: BuildContext): Promise<void> {
  const args = [tree, file, '-comp', 'lz4', '-noappend', '-quiet', '-no-progress', '-processors', '2'];
  await runContained(context, 'mksquashfs', args, { purpose: 'packing the root file system' });
}

/** What an engine says of an image. */
export interface ImageMetadata {
  readonly spec: NodeImageSpec;
  readonly suite: string;
  readonly key: string;
}

/** Writes the tarball with the `metadata.yaml` that LXD and Incus want beside the root file system. Equal input gives equal bytes. */
export async function writeImageMetadata(metadata: ImageMetadata, file: string): Promise<void> {
  const { spec, suite, key } = metadata;
  const text = stringify({
    architecture: ARCHITECTURES[spec.architecture].engine,
    // Fixed: the key says what is inside, and the file system of the cache when it was made.
    creation_date: 1,
    properties: {
      description: `twinstack node, Kubernetes ${spec.kubernetesVersion}`,
      os: 'debian',
      release: suite,
      architecture: spec.architecture,
      'twinstack.kubernetes': spec.kubernetesVersion,
      'twinstack.key': key,
    },
    templates: {},
  });
  const tar = pack();
  const written = pipeline(tar, createGzip(), createWriteStream(file));
  tar.entry({ name: 'metadata.yaml', mtime: new Date(0), mode: 0o644 }, text);
  tar.finalize();
  await written;
}

/**
 * The names of an image's files in its directory of the cache: `metadata` and `rootfs` of a system container, `archive` of an image for
 * kind; `imported` is there for an image that was imported.
 */
export function imageFiles(directory: string): {
  metadata: string;
  rootfs: string;
  archive: string;
  description: string;
  imported: string;
} {
  return {
    imported: join(directory, 'imported.json'),
    metadata: join(directory, 'metadata.tar.gz'),
    rootfs: join(directory, 'rootfs.squashfs'),
    archive: join(directory, 'node-image.tar'),
    description: join(directory, 'image.json'),
  };
}
