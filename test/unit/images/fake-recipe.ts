import { writeFile } from 'node:fs/promises';
import type { NodeImageRecipe } from '../../../src/images/build/node-image-recipe.ts';
import type { NodeImageSpec } from '../../../src/images/node-image.ts';
import { imageFiles } from '../../../src/images/build/pack-image.ts';

export const SPEC: NodeImageSpec = { kubernetesVersion: '1.2.3', architecture: 'amd64' };

/** A key as the cache expects one. */
export const KEY = 'ab'.repeat(32);

/** A recipe that only writes two files, and whatever a test wants to happen between them. */
export function fakeRecipe(
  between: (outDirectory: string, signal: AbortSignal) => Promise<void>,
): NodeImageRecipe {
  return {
    knows: () => true,
    candidates: (spec) => [{ ...spec, source: 'go' }],
    settle: (spec) => Promise.resolve({ ...spec, source: 'go' }),
    key: () => Promise.resolve(KEY),
    stepCount: () => 1,
    preflight: () => Promise.resolve(),
    prepare: () => Promise.resolve(),
    build: async (spec, key, outDirectory, context, progress) =>
      await progress.step('Building', context, async ({ signal }) => {
        const files = imageFiles(outDirectory);
        await writeFile(files.metadata, 'metadata');
        await between(outDirectory, signal);
        await writeFile(files.rootfs, 'root file system');
        return {
          schemaVersion: 1,
          key,
          format: 'system-container',
          kubernetesVersion: spec.kubernetesVersion,
          architecture: spec.architecture,
          source: spec.source,
          binaries: [],
          components: { kubernetes: spec.kubernetesVersion },
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
        };
      }),
  };
}
