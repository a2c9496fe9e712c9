import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { imageFiles } from '../../src/images/build/pack-image.ts';
import {
  imageDirectory,
  readNodeImage,
  type ImageDescription,
} from '../../src/images/cache/read-node-image.ts';
import { NODE_INTERFACE, type SystemContainerImage } from '../../src/images/node-image.ts';

/** What of an image a test wants to be otherwise. */
export type SampleChanges = Partial<ImageDescription> & {
  /** Bytes of the root file system; a sparse file when it is a number. */
  readonly rootfs?: Uint8Array | number;
};

/** A key as the cache has them, always the same for the same word. */
export function sampleKey(word: string): string {
  return createHash('sha256').update(word).digest('hex');
}

/** What `image.json` of a sample image says. */
export function sampleDescription(changes: Partial<ImageDescription> = {}): ImageDescription {
  return {
    schemaVersion: 1,
    key: sampleKey('sample'),
    format: 'system-container',
    kubernetesVersion: '1.2.3',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    components: { kubernetes: '1.2.3' },
    images: {
      nginxdualstack: 'r/nginxdualstack:1',
      probe: 'r/probe:1',
      pause: 'r/pause:3',
      coredns: 'r/coredns:v1',
      etcd: 'r/etcd:3',
      kubeProxy: 'r/kube-proxy:v1',
      flannel: 'r/flannel:v1',
    },
    imageRepository: 'r',
    source: 'go',
    binaries: [],
    timingsMs: {},
    nodeInterface: NODE_INTERFACE,
    ...changes,
  };
}

/** Puts an image into a cache that no engine would take, as a build leaves one. */
export async function addNodeImage(
  cacheDir: string,
  changes: SampleChanges = {},
): Promise<SystemContainerImage> {
  const { rootfs = Buffer.from('hsqs root file system'.repeat(50)), ...rest } = changes;
  const description = sampleDescription(rest);
  const directory = imageDirectory(cacheDir, description.key);
  const files = imageFiles(directory);
  await mkdir(directory, { recursive: true });
  await writeFile(files.description, JSON.stringify(description));
  await writeFile(files.metadata, 'metadata');
  if (typeof rootfs === 'number') {
    const handle = await open(files.rootfs, 'w');
    await handle.truncate(rootfs);
    await handle.close();
  } else await writeFile(files.rootfs, rootfs);
  const image = await readNodeImage(cacheDir, description.key);
  if (image?.format !== 'system-container') throw new Error('the sample image is none');
  return image;
}
