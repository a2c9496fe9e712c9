import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { ensureStoragePool, importImage, STORAGE_POOL } from './lxc-cache.ts';
import { cgroupVersionOf, type CgroupVersion } from '../../host/cgroup-settings.ts';
import { detectCgroup } from '../../host/detect-cgroup.ts';
import { labelsOf, nodeConfig, type CreateRequest } from './lxc-requests.ts';
import type { LxcClient } from './lxc-client.ts';
import type { BuilderSpec, CallOptions, Owner } from '../provider.ts';

/** Where a system with merged /usr has its programs; the folder itself is the host's. */
const LINKS = ['bin', 'lib', 'lib64', 'sbin'];
const FOLDERS = ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'var', 'var/lib'];
const FILES = { 'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n', 'etc/group': 'root:x:0:\n' };

/**
 * An image without programs: folders to mount on, and what the host's programs look for in /etc. Equal calls give equal bytes.
 * @returns the archive in the engine's form.
 */
export async function skeletonImage(architecture: string): Promise<Buffer> {
  const fixed = { mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' };
  const archive = pack();
  const properties = { description: 'twinstack: nothing but folders, to build node images in' };
  const metadata = { architecture, creation_date: 1, properties };
  archive.entry({ ...fixed, name: 'metadata.yaml', mode: 0o644 }, JSON.stringify(metadata));
  const folder = (name: string, mode: number): void =>
    void archive.entry({ ...fixed, name, type: 'directory', mode });
  folder('rootfs', 0o755);
  for (const name of FOLDERS) folder(`rootfs/${name}`, 0o755);
  for (const name of ['tmp', 'var/tmp']) folder(`rootfs/${name}`, 0o1777);
  for (const name of LINKS) {
    const link = { name: `rootfs/${name}`, type: 'symlink', linkname: `usr/${name}` } as const;
    archive.entry({ ...fixed, ...link, mode: 0o777 });
  }
  for (const [name, text] of Object.entries(FILES)) {
    archive.entry({ ...fixed, name: `rootfs/${name}`, mode: 0o644 }, text);
  }
  archive.finalize();
  return await buffer(archive);
}

/** Makes and starts a builder. */
export async function startBuilder(
  client: LxcClient,
  spec: BuilderSpec,
  owner: Owner,
  options: CallOptions,
): Promise<void> {
  await ensureStoragePool(client, options);
  const archive = await skeletonImage(process.arch === 'arm64' ? 'aarch64' : 'x86_64');
  const key = `builder-${createHash('sha256').update(archive).digest('hex')}`;
  // Not in /tmp: the client of LXD's snap has one of its own.
  const temporary = await mkdtemp(join(spec.temporaryDirectory, 'builder-'));
  try {
    const file = join(temporary, 'image.tar');
    await writeFile(file, archive);
    const image = await importImage(client, { key, files: [file] }, options);
    const { path, body } = builderRequest(image, spec, owner, cgroupVersionOf(await detectCgroup()));
    await client.query('POST', path, body, options);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * The request for a builder: a privileged container, like a node, of which only the folders of the host have content. It has no
 * network card, so nothing that is built there can depend on what a network says.
 */
export function builderRequest(
  image: string,
  spec: BuilderSpec,
  owner: Owner,
  cgroupVersion: CgroupVersion,
): CreateRequest {
  const config = nodeConfig(cgroupVersion);
  const folders = spec.folders.map(({ path, writable }, index) => {
    const disk = { type: 'disk', source: path, path, ...(writable ? {} : { readonly: 'true' }) };
    return [`folder${index}`, disk] as const;
  });
  return {
    path: '/1.0/instances',
    body: {
      name: spec.name,
      description: `twinstack run ${owner.runId}: builds a node image`,
      type: 'container',
      profiles: [],
      source: { type: 'image', fingerprint: image },
      config: {
        ...config,
        // It has no init; its programs are started from outside.
        'raw.lxc': `${config['raw.lxc']}lxc.init.cmd=/usr/bin/sleep infinity\n`,
        ...labelsOf(owner),
      },
      devices: { root: { type: 'disk', path: '/', pool: STORAGE_POOL }, ...Object.fromEntries(folders) },
    },
  };
}
