import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { ROOT, visit, type Visitor } from './command-line.ts';
import { addNodeImage, sampleKey, type SampleChanges } from '../support/sample-node-image.ts';

const KEY = sampleKey('sample');
/** Long enough to be interrupted. */
const LARGE = 512 << 20;

/** A cache of the visitor's with an image in it; its environment. */
async function withImage(visitor: Visitor, changes: SampleChanges = {}): Promise<{ XDG_CACHE_HOME: string }> {
  const cache = visitor.file('builder');
  await addNodeImage(join(cache, 'twinstack'), changes);
  return { XDG_CACHE_HOME: cache };
}

test.serial('an image is carried from one host to another in one file', async (t) => {
  const visitor = await visit(t);
  const builder = await withImage(visitor);
  const other = { XDG_CACHE_HOME: visitor.file('other host') };
  const file = visitor.file('a stick/node image.tar');
  await mkdir(visitor.file('a stick'));

  const exported = await visitor.run(['image', 'export', KEY.slice(0, 8), file, '--json'], builder);
  t.is(exported.status, 0, exported.stderr);
  t.like(JSON.parse(exported.stdout), { file, sizeBytes: (await stat(file)).size, manifest: { key: KEY } });

  const imported = await visitor.run(['image', 'import', file, '--json'], other);
  t.is(imported.status, 0, imported.stderr);
  t.like(JSON.parse(imported.stdout), { outcome: 'imported', image: { key: KEY, origin: { file } } });

  const again = await visitor.run(['image', 'import', file], other);
  t.is(again.status, 0);
  t.regex(again.stdout, /is in the cache already; nothing was imported/);

  const [there, here] = await Promise.all([builder, other].map((env) => visitor.run(['image', 'list'], env)));
  t.regex(
    there?.stdout ?? '',
    new RegExp(`^${KEY} {2}Kubernetes 1\\.2\\.3 .* built .* UTC {2}built from Go modules\\n$`),
  );
  t.regex(
    here?.stdout ?? '',
    new RegExp(`^${KEY} .* imported .* UTC from ${file} {2}built from Go modules\\n$`),
  );
});

test.serial('a file that is there is replaced with --force alone', async (t) => {
  const visitor = await visit(t);
  const env = await withImage(visitor);
  const file = await visitor.write('mine.tar', 'my holiday');
  const refused = await visitor.run(['image', 'export', KEY, file], env);
  t.is(refused.status, 2);
  t.regex(refused.stderr, /mine\.tar is there already\nReplace it with --force/);
  t.is(await readFile(file, 'utf8'), 'my holiday');
  t.is((await visitor.run(['image', 'export', KEY, file, '--force'], env)).status, 0);
  t.is((await visitor.run(['image', 'import', file], { XDG_CACHE_HOME: visitor.file('c') })).status, 0);
});

test.serial('what can not be exported is said before anything is written', async (t) => {
  const visitor = await visit(t);
  const env = await withImage(visitor);
  const folder = visitor.file('out');
  await mkdir(folder);
  const cases: [string[], RegExp][] = [
    [[join(folder, 'x.tar')], /no node image for Kubernetes \d.* is in the cache\nBuild it with/],
    [['9.9.9', join(folder, 'x.tar')], /no node image for Kubernetes 9\.9\.9 is in the cache/],
    [['ffff', join(folder, 'x.tar')], /has a key that begins with "ffff"/],
    [['1.36.3'], /1\.36\.3 names an image, and no file/],
    [['-'], /writes a file/],
    [[KEY, 'a', 'b'], /takes an image and a file/],
    [[KEY, folder], /out is a folder\nName a file in it/],
    [[KEY, join(folder, 'no', 'x.tar')], /out\/no is no folder/],
    [[KEY, '/dev/null'], /\/dev\/null is no regular file/],
  ];
  for (const [words, said] of cases) {
    const { status, stdout, stderr } = await visitor.run(['image', 'export', ...words], env);
    t.is(status, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, said);
  }
  t.deepEqual(await readdir(folder), []);
});

test.serial('two imports at once both end well, and one of them imports', async (t) => {
  const visitor = await visit(t);
  const env = await withImage(visitor, { rootfs: 64 << 20 });
  const file = visitor.file('x.tar');
  t.is((await visitor.run(['image', 'export', KEY, file], env)).status, 0);
  const other = { XDG_CACHE_HOME: visitor.file('other') };
  const both = await Promise.all([1, 2].map(() => visitor.run(['image', 'import', file], other)));
  t.deepEqual(
    both.map(({ status }) => status),
    [0, 0],
  );
  const said = both.map(({ stdout }) => stdout).sort();
  t.regex(said[1] ?? '', /^imported /);
  t.regex(said[0] ?? '', /in the cache already/);
  t.deepEqual(await readdir(join(other.XDG_CACHE_HOME, 'twinstack', 'images')), [KEY]);
});

for (const [signal, status, left] of [
  ['SIGINT', 130, 0],
  ['SIGKILL', null, 1],
] as const) {
  test.serial(`an export that ${signal} ends is no export`, async (t) => {
    const visitor = await visit(t);
    const env = await withImage(visitor, { rootfs: LARGE });
    const folder = visitor.file('out');
    await mkdir(folder);
    const file = join(folder, 'x.tar');
    const { child, ended } = visitor.start(['image', 'export', KEY, file], env);
    child.stderr?.on('data', (data: Buffer) => {
      if (data.includes('writing')) child.kill(signal);
    });
    t.is((await ended).status, status);
    const there = await readdir(folder);
    t.false(there.includes('x.tar'), 'it was too late');
    t.is(there.length, left, there.join());
    if (left === 0) return;
    // What a killed one left is the next one's to remove.
    const next = visitor.start(['image', 'export', KEY, file], env);
    next.child.stderr?.on('data', (data: Buffer) => {
      if (data.includes('writing')) next.child.kill('SIGINT');
    });
    await next.ended;
    t.deepEqual(await readdir(folder), []);
  });
}

/** Whether a file system can be mounted here in a namespace of one's own, which takes it along when it ends, however that is. */
const NAMESPACE =
  process.geteuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--user', '--map-root-user', '--mount'];
const mounted = spawnSync(NAMESPACE[0] ?? '', [...NAMESPACE.slice(1), 'mount', '-t', 'tmpfs', 'x', '/mnt']);
const onSmallDisk = mounted.status === 0 ? test.serial : test.serial.skip;

/** Runs the entry with a disk of its own at /mnt; tells what that has afterwards. */
async function runOnDisk(
  visitor: Visitor,
  options: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ status: number | undefined; stderr: string; left: string }> {
  const script = `
    mount -t tmpfs -o "$1" disk /mnt || exit 99
    shift
    node dist/cli.js "$@"
    status=$?
    find /mnt -type f -printf '%P\\n'
    exit $status`;
  const command = [...NAMESPACE, 'sh', '-c', script, 'sh', options, ...args];
  const { exitCode, stderr, stdout } = await execa(command[0] ?? '', command.slice(1), {
    cwd: ROOT,
    env: { HOME: visitor.home, ...env },
    reject: false,
  });
  return { status: exitCode, stderr, left: stdout };
}

onSmallDisk('a disk without room is refused before, and one that fills up leaves nothing', async (t) => {
  const visitor = await visit(t);
  const env = await withImage(visitor, { rootfs: 8 << 20 });
  const file = visitor.file('x.tar');
  t.is((await visitor.run(['image', 'export', KEY, file], env)).status, 0);
  const cache = { XDG_CACHE_HOME: '/mnt' };

  const noRoom = await runOnDisk(visitor, 'size=4m', ['image', 'import', file], cache);
  t.is(noRoom.status, 3, noRoom.stderr);
  t.regex(
    noRoom.stderr,
    /the disk of the cache has \d MB free, and the image takes \d+ MB\n.*XDG_CACHE_HOME/,
  );
  t.notRegex(noRoom.left, /twinstack\/images/);

  // Room for the bytes and not for the files: the system says the same as on a full disk.
  const full = await runOnDisk(visitor, 'size=40m,nr_inodes=8', ['image', 'import', file], cache);
  t.is(full.status, 4, full.stderr);
  t.regex(full.stderr, /the disk is full/);
  t.notRegex(full.left, /twinstack\/images/);

  const noTarget = await runOnDisk(visitor, 'size=4m', ['image', 'export', KEY, '/mnt/x.tar'], env);
  t.is(noTarget.status, 3, noTarget.stderr);
  t.regex(noTarget.stderr, /\/mnt has \d MB free, and the export takes \d+ MB\n.*another disk/);
  t.is(noTarget.left, '');

  const fullTarget = await runOnDisk(
    visitor,
    'size=40m,nr_inodes=1',
    ['image', 'export', KEY, '/mnt/x.tar'],
    env,
  );
  t.is(fullTarget.status, 4, fullTarget.stderr);
  t.regex(fullTarget.stderr, /could not write \/mnt\/x\.tar: the disk is full/);
  t.is(fullTarget.left, '');
});

test.serial('what is damaged leaves nothing in a home that had nothing', async (t) => {
  const visitor = await visit(t);
  const env = await withImage(visitor);
  const file = visitor.file('x.tar');
  await visitor.run(['image', 'export', KEY, file], env);
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length - 1));
  const { status, stdout, stderr } = await visitor.run(['image', 'import', file]);
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /x\.tar is damaged: it has \d+ bytes of \d+, so it was cut off\nCopy it anew/);
  t.deepEqual(await visitor.belongings(), []);
});
