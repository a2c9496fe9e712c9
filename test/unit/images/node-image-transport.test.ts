import { createWriteStream, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import test, { type ExecutionContext } from 'ava';
import { pack } from 'tar-stream';
import { buildContext } from './build-surroundings.ts';
import { addNodeImage, sampleKey, type SampleChanges } from '../../support/sample-node-image.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import {
  findImportedNodeImage,
  listNodeImages,
  removeNodeImage,
} from '../../../src/images/cache/cached-images.ts';
import { exportNodeImage } from '../../../src/images/archive/export-node-image.ts';
import { CHECKSUM_NAME, MANIFEST_NAME } from '../../../src/images/archive/exported-image.ts';
import { importNodeImage } from '../../../src/images/archive/import-node-image.ts';
import { NODE_INTERFACE } from '../../../src/images/node-image.ts';
import { sha256 } from '../../../src/images/build/template-files.ts';
import { writeWholeFile } from '../../../src/images/cache/write-whole-file.ts';
import { FailureError, type FailureClass } from '../../../src/run/failure.ts';

const NOW = new Date('2026-01-02T03:04:05.000Z');
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** An export of a sample image, and an empty cache to import it into. */
async function exported(
  t: ExecutionContext,
  changes: SampleChanges = {},
): Promise<{ file: string; folder: string; from: string; to: string }> {
  const folder = temporaryDirectory(t);
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  const file = join(folder, 'node image.tar');
  const image = await addNodeImage(from, changes);
  await exportNodeImage({ image, file, force: false, version: '0.0.1', now: NOW }, buildContext(from));
  return { file, folder, from, to };
}

async function refusal(t: ExecutionContext, work: Promise<unknown>, kind: FailureClass): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: FailureError });
  t.is(error?.failure.class, kind, error?.message);
  return error?.message ?? '';
}

/** What a cache has of images, temporary directories included. */
async function imagesIn(cacheDir: string): Promise<string[]> {
  return await readdir(join(cacheDir, 'images')).catch(() => []);
}

const partsOf = (cacheDir: string): Promise<Buffer[]> =>
  Promise.all(
    ['image.json', 'metadata.tar.gz', 'rootfs.squashfs'].map((name) =>
      readFile(join(cacheDir, 'images', sampleKey('sample'), name)),
    ),
  );

test('an image goes out of one cache and into another as it was, and says where it is from', async (t) => {
  const { file, folder, from, to } = await exported(t);
  t.deepEqual((await readdir(folder)).sort(), ['from', 'node image.tar']);
  const { image, outcome } = await importNodeImage(file, ARCHITECTURE, buildContext(to));
  t.is(outcome, 'imported');
  t.deepEqual(await partsOf(to), await partsOf(from));
  t.like(image.origin, { kind: 'imported', file, exportedAt: NOW.toISOString() });
  const again = await importNodeImage(file, ARCHITECTURE, buildContext(to));
  t.is(again.outcome, 'found');
  t.deepEqual(again.image, image);
  t.deepEqual(await listNodeImages(to), [image]);
});

test('the same image exported twice is the same file, but for the time', async (t) => {
  const { file, folder, from } = await exported(t);
  const [image] = await listNodeImages(from);
  const other = join(folder, 'other.tar');
  if (image === undefined) return t.fail();
  await exportNodeImage({ image, file: other, force: false, version: '0.0.1', now: NOW }, buildContext(from));
  t.true((await readFile(other)).equals(await readFile(file)));
});

test('of two imports at once one imports, and the other waits and finds it', async (t) => {
  const { file, to } = await exported(t, { rootfs: 8 << 20 });
  const outcomes = await Promise.all(
    [1, 2, 3].map(async () => (await importNodeImage(file, ARCHITECTURE, buildContext(to))).outcome),
  );
  t.deepEqual(outcomes.sort(), ['found', 'found', 'imported']);
  t.deepEqual(await imagesIn(to), [sampleKey('sample')]);
});

test('an export that was cut off anywhere is refused, and leaves nothing', async (t) => {
  const { file, folder, to } = await exported(t);
  const whole = await readFile(file);
  const blocks = Array.from({ length: whole.length / 512 }, (_, index) => index * 512);
  const lengths = [
    0,
    1,
    99,
    511,
    513,
    767,
    ...blocks,
    whole.length - 513,
    whole.length - 511,
    whole.length - 1,
  ];
  for (const length of lengths) {
    const cut = join(folder, 'cut.tar');
    await writeFile(cut, whole.subarray(0, length));
    const said = await refusal(t, importNodeImage(cut, ARCHITECTURE, buildContext(to)), 'usage');
    t.regex(said, /cut\.tar is damaged: /, `${length} bytes`);
    t.deepEqual(await imagesIn(to), []);
  }
});

test('an export with a wrong bit is refused, or the bit is in none of its files', async (t) => {
  const { file, folder, from } = await exported(t);
  const original = await partsOf(from);
  const whole = await readFile(file);
  let refused = 0;
  for (let at = 3; at < whole.length; at += 97) {
    const flipped = join(folder, 'flipped.tar');
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    await writeFile(flipped, bytes);
    const to = join(folder, `to-${at}`);
    try {
      await importNodeImage(flipped, ARCHITECTURE, buildContext(to));
      t.deepEqual(await partsOf(to), original, `byte ${at}`);
    } catch (error) {
      refused += 1;
      t.is(error instanceof FailureError ? error.failure.class : error, 'usage');
      t.deepEqual(await imagesIn(to), []);
    }
  }
  t.true(refused > 30);
});

/** Writes an archive with these members; what the manifest says can be anything. */
async function writeMembers(file: string, members: readonly (readonly [string, string])[]): Promise<void> {
  const tar = pack();
  for (const [name, content] of members) tar.entry({ name, mtime: new Date(0) }, content);
  tar.finalize();
  await pipeline(tar, createWriteStream(file));
}

/** An export whose manifest is changed, with the checksum that goes with it. */
async function withManifest(
  t: ExecutionContext,
  change: (manifest: Record<string, unknown> & { parts: { sizeBytes: number }[] }) => void,
  names: readonly string[] = ['image.json', 'metadata.tar.gz', 'rootfs.squashfs'],
): Promise<{ file: string; to: string }> {
  const { file, from, to } = await exported(t);
  const whole = await readFile(file);
  const text = whole.subarray(512, whole.indexOf('\0', 512)).toString('utf8');
  const manifest = JSON.parse(text) as Record<string, unknown> & { parts: { sizeBytes: number }[] };
  change(manifest);
  const body = JSON.stringify(manifest);
  const parts = (await partsOf(from)).map(
    (part, index) => [names[index] ?? '', part.toString('latin1')] as const,
  );
  const checksum = `${sha256(body)}  ${MANIFEST_NAME}\n`;
  await writeMembers(file, [[MANIFEST_NAME, body], [CHECKSUM_NAME, checksum], ...parts]);
  return { file, to };
}

const WRONG_MANIFESTS: readonly [
  string,
  (manifest: Record<string, unknown>) => void,
  FailureClass,
  RegExp,
][] = [
  ['a later format', (m) => (m['formatVersion'] = 3), 'usage', /has format 3, and this .* reads format 2/],
  [
    'a key that leads elsewhere',
    (m) => (m['key'] = '../../../../etc/x'),
    'usage',
    /manifest is wrong at key/,
  ],
  ['another key than its image', (m) => (m['key'] = 'a'.repeat(64)), 'usage', /describes another image/],
  ['another release than its image', (m) => (m['kubernetesVersion'] = '9.9.9'), 'usage', /another image/],
  [
    'another machine',
    (m) => (m['architecture'] = 'riscv64'),
    'preflight',
    /for riscv64, and this machine is/,
  ],
  [
    'other nodes',
    (m) => (m['nodeInterface'] = NODE_INTERFACE + 1),
    'usage',
    /twinstack 0\.0\.1, whose nodes .* can't use/,
  ],
  ['another kind of file', (m) => (m['format'] = 'holiday'), 'usage', /manifest is none of a node image/],
];

for (const [name, change, kind, said] of WRONG_MANIFESTS) {
  test(`a manifest of ${name} is refused`, async (t) => {
    const { file, to } = await withManifest(t, change);
    t.regex(await refusal(t, importNodeImage(file, ARCHITECTURE, buildContext(to)), kind), said);
    t.deepEqual(await imagesIn(to), []);
  });
}

for (const size of [0, 1e15, -1, 0.5]) {
  test(`a part that claims to have ${size} bytes is refused`, async (t) => {
    const { file, to } = await withManifest(t, ({ parts }) => {
      if (parts[2] !== undefined) parts[2].sizeBytes = size;
    });
    await refusal(t, importNodeImage(file, ARCHITECTURE, buildContext(to)), 'usage');
    t.deepEqual(await imagesIn(to), []);
  });
}

for (const name of ['../../escaped', '/tmp/escaped', 'rootfs.squashfs/../../x', 'image.json']) {
  test(`a member called ${name} is refused and written nowhere`, async (t) => {
    const names = ['image.json', 'metadata.tar.gz', name];
    const { file, to } = await withManifest(t, () => undefined, names);
    const said = await refusal(t, importNodeImage(file, ARCHITECTURE, buildContext(to)), 'usage');
    t.true(said.includes(`${JSON.stringify(name)} is where rootfs.squashfs should be`), said);
    t.deepEqual(await imagesIn(to), []);
  });
}

test('what is no export is told apart', async (t) => {
  const folder = temporaryDirectory(t);
  const to = join(folder, 'to');
  const file = join(folder, 'it');
  const said = (): Promise<string> =>
    refusal(t, importNodeImage(file, ARCHITECTURE, buildContext(to)), 'usage');
  t.regex(await said(), /it: there is no such file/);
  await writeFile(file, 'x'.repeat(5000));
  t.regex(await said(), /no tar archive/);
  await writeMembers(file, [['manifest.json', '[]']]);
  t.regex(await said(), /something else, beginning with "manifest\.json"/);
  const folderNamed = refusal(t, importNodeImage(folder, ARCHITECTURE, buildContext(to)), 'usage');
  t.regex(await folderNamed, /it is a folder/);
  t.deepEqual(await readdir(folder), ['it']);
});

test('an import that is given up leaves nothing', async (t) => {
  const { file, to } = await exported(t, { rootfs: 16 << 20 });
  const abort = new AbortController();
  const reason = new Error('given up');
  const report = (): void => abort.abort(reason);
  const context = buildContext(to, { signal: abort.signal, report });
  t.is(await t.throwsAsync(importNodeImage(file, ARCHITECTURE, context)), reason);
  t.deepEqual(await imagesIn(to), []);
});

test('an export that is given up leaves the file that was there, and no other', async (t) => {
  const { file, folder, from } = await exported(t, { rootfs: 16 << 20 });
  const [image] = await listNodeImages(from);
  if (image === undefined) return t.fail();
  const before = await readFile(file);
  const abort = new AbortController();
  const reason = new Error('given up');
  const report = (detail: string): void => {
    if (detail.startsWith('writing')) abort.abort(reason);
  };
  const context = buildContext(from, { signal: abort.signal, report });
  const order = { image, file, force: true, version: '0.0.2', now: new Date() };
  t.is(await t.throwsAsync(exportNodeImage(order, context)), reason);
  t.true(before.equals(await readFile(file)));
  t.deepEqual((await readdir(folder)).sort(), ['from', 'node image.tar']);
});

test('an image that changes while it is exported gives no file', async (t) => {
  const { folder, from } = await exported(t, { rootfs: 32 << 20 });
  const [image] = await listNodeImages(from);
  if (image?.format !== 'system-container') return t.fail();
  const file = join(folder, 'second.tar');
  const report = (detail: string): void => {
    if (detail.startsWith('writing'))
      writeFileSync(image.rootfsFile, Buffer.alloc(image.sizeBytes, 'x'), { flag: 'r+' });
  };
  const order = { image, file, force: false, version: '0', now: NOW };
  const said = await refusal(t, exportNodeImage(order, buildContext(from, { report })), 'infrastructure');
  t.regex(said, /rootfs\.squashfs changed while it was read/);
  t.false((await readdir(folder)).includes('second.tar'));
});

test('a disk that fills up while a file is written leaves no part of it', async (t) => {
  const folder = temporaryDirectory(t);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const file = join(folder, 'image.tar');
  await writeFile(join(folder, 'image.tar.partial-dead'), 'left by a process that was killed');
  await t.throwsAsync(
    writeWholeFile(file, async (handle) => {
      await handle.write('half');
      t.regex((await readdir(folder)).join(), /^image\.tar\.partial-[0-9a-f]{8}$/);
      throw full;
    }),
    { is: full },
  );
  t.deepEqual(await readdir(folder), []);
});

test('two that write the same file at once leave each other alone', async (t) => {
  const folder = temporaryDirectory(t);
  const file = join(folder, 'image.tar');
  await writeWholeFile(file, async (handle) => {
    await handle.write('first');
    await writeWholeFile(file, async (other) => {
      await other.write('second');
    });
    t.is(await readFile(file, 'utf8'), 'second');
  });
  t.is(await readFile(file, 'utf8'), 'first');
  t.deepEqual(await readdir(folder), ['image.tar']);
});

test('an image with another key stands in for a release when it was imported, the newest first', async (t) => {
  const folder = temporaryDirectory(t);
  const spec = { kubernetesVersion: '1.2.3', architecture: ARCHITECTURE } as const;
  const to = join(folder, 'to');
  await addNodeImage(to, { key: sampleKey('built') });
  t.is(findImportedNodeImage(spec, await listNodeImages(to)), null);
  for (const [word, changes] of [
    ['older', {}],
    ['newer', {}],
    ['other release', { kubernetesVersion: '1.2.4' }],
  ] as const) {
    const from = join(folder, word);
    await mkdir(from);
    const image = await addNodeImage(from, { ...changes, key: sampleKey(word) });
    const file = join(folder, `${word}.tar`);
    await exportNodeImage({ image, file, force: false, version: '0', now: NOW }, buildContext(from));
    await importNodeImage(file, ARCHITECTURE, buildContext(to));
  }
  const found = findImportedNodeImage(spec, await listNodeImages(to));
  t.is(found?.key, sampleKey('newer'));
  await removeNodeImage(sampleKey('newer'), to);
  t.is(findImportedNodeImage(spec, await listNodeImages(to))?.key, sampleKey('older'));
});
