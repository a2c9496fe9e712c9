import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { buildRig } from './rig.ts';
import type { ContainerClient } from '../../src/providers/kind/container-client.ts';
import type { CallOptions } from '../../src/providers/provider.ts';

/** Everything that kind runs in a node. */
const PROGRAMS = [
  'usr/local/bin/entrypoint',
  'usr/bin/timeout',
  'usr/bin/mkdir',
  'usr/bin/cat',
  'usr/bin/cp',
  'usr/bin/true',
  'usr/bin/bash',
  'usr/bin/kubeadm',
  'usr/bin/kubectl',
];
const STAND_IN = 'twinstack-kind-stand-in';
export const TINY_KIND_IMAGE = `${STAND_IN}:1`;

/** An image of kind's stand-in, in which there is no Kubernetes: for what only needs nodes to come and go. */
export async function importTinyKindImage(client: ContainerClient, options: CallOptions): Promise<string> {
  const archive = pack();
  const [first = '', ...others] = PROGRAMS;
  archive.entry({ name: first, mode: 0o755 }, await readFile(await buildRig('kindnode')));
  for (const name of others) archive.entry({ name, type: 'link', linkname: first, mode: 0o755 });
  archive.entry({ name: 'kind/version', mode: 0o644 }, 'v1.36.3');
  archive.entry({ name: 'kind/manifests/default-cni.yaml', mode: 0o644 }, '');
  archive.entry({ name: 'kind/manifests/default-storage.yaml', mode: 0o644 }, '');
  archive.entry({ name: 'var', type: 'directory', mode: 0o755 });
  archive.finalize();
  await client.run(
    ['image', 'import', '--change', 'ENTRYPOINT ["/usr/local/bin/entrypoint"]', '-', TINY_KIND_IMAGE],
    { ...options, input: await buffer(archive) },
  );
  return TINY_KIND_IMAGE;
}
