import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { LXD } from '../../../src/providers/lxc/dialect.ts';
import { clientIsSnap, clientPath } from '../../../src/providers/lxc/client-path.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

for (const [file, isSnap, given] of [
  ['/tmp/cache/rootfs.squashfs', true, '/var/lib/snapd/hostfs/tmp/cache/rootfs.squashfs'],
  ['/var/tmp/rootfs.squashfs', true, '/var/lib/snapd/hostfs/var/tmp/rootfs.squashfs'],
  ['/tmp/cache/rootfs.squashfs', false, '/tmp/cache/rootfs.squashfs'],
  ['/home/user/.cache/twinstack/rootfs.squashfs', true, '/home/user/.cache/twinstack/rootfs.squashfs'],
  ['/tmpfs/rootfs.squashfs', true, '/tmpfs/rootfs.squashfs'],
] as const) {
  test(`${file} for ${isSnap ? "the snap's client" : 'a client of the host'}`, (t) => {
    t.is(clientPath(file, isSnap), given);
  });
}

test("the first lxc of the search path decides, and a snap's is known by where its link leads", async (t) => {
  const root = temporaryDirectory(t);
  const [host, snap, none] = [join(root, 'usr/bin'), join(root, 'snap/bin'), join(root, 'empty')];
  for (const folder of [host, snap, none]) await mkdir(folder, { recursive: true });
  await writeFile(join(host, 'lxc'), '');
  await chmod(join(host, 'lxc'), 0o755);
  const snapProgram = join(root, 'usr/bin/snap');
  await writeFile(snapProgram, '');
  await symlink(snapProgram, join(snap, 'lxc'));
  t.true(await clientIsSnap(LXD, `${none}:${snap}:${host}`, snapProgram));
  t.false(await clientIsSnap(LXD, `${host}:${snap}`, snapProgram));
  t.false(await clientIsSnap(LXD, none));
  t.false(await clientIsSnap(LXD, ''));
});
