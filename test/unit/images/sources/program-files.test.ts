import test, { type ExecutionContext } from 'ava';
import { chmod, lstat, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { collectProgramFiles, resolveInTree } from '../../../../src/images/sources/program-files.ts';
import { linkSnapshotPrograms } from '../../../../src/images/build/root-filesystem.ts';
import { buildContext, FakeRunner } from '../build-surroundings.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

async function put(tree: string, path: string, content: string | { link: string }): Promise<void> {
  const file = join(tree, path);
  await mkdir(dirname(file), { recursive: true });
  if (typeof content !== 'string') return await symlink(content.link, file);
  await writeFile(file, content);
  await chmod(file, 0o755);
}

async function debianTree(t: ExecutionContext): Promise<string> {
  const tree = temporaryDirectory(t);
  await put(tree, 'usr/sbin/xtables-nft-multi', 'xtables');
  await put(tree, 'usr/sbin/iptables', { link: '/etc/alternatives/iptables' });
  await put(tree, 'etc/alternatives/iptables', { link: '/usr/sbin/iptables-nft' });
  await put(tree, 'usr/sbin/iptables-nft', { link: 'xtables-nft-multi' });
  await put(tree, 'usr/lib/x/libc.so.6', 'libc');
  await put(tree, 'usr/lib/x/ld-linux.so.2', 'loader');
  await put(tree, 'usr/lib64/ld-linux.so.2', { link: '../lib/x/ld-linux.so.2' });
  await put(tree, 'usr/lib/x/xtables/libxt_mark.so', 'plugin');
  for (const name of ['lib', 'lib64', 'sbin']) await put(tree, name, { link: `usr/${name}` });
  return tree;
}

test('a path is followed as a process in the tree would follow it', async (t) => {
  const tree = await debianTree(t);
  const { real, links } = await resolveInTree(tree, '/sbin/iptables');
  t.is(real, '/usr/sbin/xtables-nft-multi');
  t.deepEqual(
    [...links.keys()],
    ['/sbin', '/usr/sbin/iptables', '/etc/alternatives/iptables', '/usr/sbin/iptables-nft'],
  );
  t.is((await resolveInTree(tree, '/lib64/ld-linux.so.2')).real, '/usr/lib/x/ld-linux.so.2');
});

test('links in a circle end', async (t) => {
  const tree = temporaryDirectory(t);
  await put(tree, 'a', { link: 'b' });
  await put(tree, 'b', { link: 'a' });
  await t.throwsAsync(resolveInTree(tree, '/a'), { message: /circle/ });
});

test('a program brings its libraries, its loader, its plugins and the links to them', async (t) => {
  const tree = await debianTree(t);
  const stdout = [
    '\tlinux-vdso.so.1 (0x00007ffd2f5f2000)',
    '\tlibc.so.6 => /lib/x/libc.so.6 (0x00007f2b7a000000)',
    '\t/lib64/ld-linux.so.2 (0x00007f2b7a3b1000)',
  ].join('\n');
  const context = buildContext('/nowhere', { runner: new FakeRunner({ setpriv: () => ({ stdout }) }) });
  const files = await collectProgramFiles(tree, ['/usr/sbin/iptables'], ['/usr/lib/x/xtables'], context);
  t.deepEqual(files.map((file) => ('link' in file ? `${file.path} -> ${file.link}` : file.path)).sort(), [
    '/etc/alternatives/iptables -> /usr/sbin/iptables-nft',
    '/lib -> usr/lib',
    '/lib64 -> usr/lib64',
    '/sbin -> usr/sbin',
    '/usr/lib/x/ld-linux.so.2',
    '/usr/lib/x/libc.so.6',
    '/usr/lib/x/xtables/libxt_mark.so',
    '/usr/lib64/ld-linux.so.2 -> ../lib/x/ld-linux.so.2',
    '/usr/sbin/iptables -> /etc/alternatives/iptables',
    '/usr/sbin/iptables-nft -> xtables-nft-multi',
    '/usr/sbin/xtables-nft-multi',
  ]);
});

test('a library that the base does not have is named', async (t) => {
  const context = buildContext('/nowhere', {
    runner: new FakeRunner({ setpriv: () => ({ stdout: '\tlibpcre2-8.so.0 => not found\n' }) }),
  });
  await t.throwsAsync(collectProgramFiles(await debianTree(t), ['/usr/sbin/iptables'], [], context), {
    message: /needs libpcre2-8\.so\.0/,
  });
});

test('programs of a node and of its container images become one file', async (t) => {
  const tree = temporaryDirectory(t);
  const root = join(tree, 'var/lib/containerd');
  const layer = 'var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/usr/local/bin';
  for (const folder of ['usr/local/bin', layer]) await put(tree, `${folder}/etcd`, 'etcd');
  await put(tree, 'usr/local/bin/kubelet', 'kubelet');
  await put(tree, `${layer}/coredns`, 'another coredns');
  await put(tree, 'usr/local/bin/coredns', 'coredns');
  const programs = ['etcd', 'kubelet', 'coredns'].map((name) => ({
    name,
    source: '',
    directory: 'usr/local/bin',
  }));
  t.is(await linkSnapshotPrograms(tree, root, programs), 1);
  const [inNode, inLayer] = [
    await stat(join(tree, 'usr/local/bin/etcd')),
    await lstat(join(tree, layer, 'etcd')),
  ];
  t.is(inNode.ino, inLayer.ino);
});
