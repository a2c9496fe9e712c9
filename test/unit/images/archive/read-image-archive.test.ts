import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { pack } from 'tar-stream';
import { ImageArchiveError, readImageArchive } from '../../../../src/images/archive/read-image-archive.ts';
import { writeScratchImage } from '../../../../src/images/build/scratch-image.ts';
import { never } from '../../../support/never.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const IMAGE = {
  architecture: 'amd64',
  description: 'a test',
  entrypoint: ['/web'],
  files: [{ path: '/web', data: Buffer.from('web'), mode: 0o755 }],
} as const;

async function ociArchive(t: ExecutionContext, reference = 'docker.io/library/web:1.0'): Promise<string> {
  const file = join(temporaryDirectory(t), 'web.tar');
  await writeScratchImage({ ...IMAGE, reference }, file);
  return file;
}

async function archiveOf(t: ExecutionContext, members: Readonly<Record<string, string>>): Promise<string> {
  const file = join(temporaryDirectory(t), 'it.tar');
  const tar = pack();
  for (const [name, content] of Object.entries(members)) tar.entry({ name }, content);
  tar.finalize();
  await pipeline(tar, createWriteStream(file));
  return file;
}

const refusal = async (t: ExecutionContext, file: string): Promise<string> =>
  (await t.throwsAsync(readImageArchive(file, never()), { instanceOf: ImageArchiveError }))?.message ?? '';

test('an OCI layout tells its images, its size and its checksum', async (t) => {
  const file = await ociArchive(t);
  const bytes = await readFile(file);
  t.deepEqual(await readImageArchive(file, never()), {
    file,
    sizeBytes: (await stat(file)).size,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    references: ['docker.io/library/web:1.0'],
  });
  const zipped = `${file}.gz`;
  await writeFile(zipped, gzipSync(bytes));
  t.like(await readImageArchive(zipped, never()), {
    references: ['docker.io/library/web:1.0'],
    sizeBytes: (await stat(zipped)).size,
  });
});

test('what docker save writes has short names, which a node knows in full', async (t) => {
  const images = [
    { Config: 'c.json', RepoTags: ['web:1.0', 'me/web:2'], Layers: ['a/layer.tar'] },
    { Config: 'c.json', RepoTags: ['registry.example:5000/web', 'localhost/web:3'], Layers: [] },
  ];
  const members = { 'a/layer.tar': 'layer', 'c.json': '{}', 'manifest.json': JSON.stringify(images) };
  const { references } = await readImageArchive(await archiveOf(t, members), never());
  t.deepEqual(references, [
    'docker.io/library/web:1.0',
    'docker.io/me/web:2',
    'registry.example:5000/web:latest',
    'localhost/web:3',
  ]);
});

test('an archive that was cut off anywhere is refused', async (t) => {
  const file = await ociArchive(t);
  const whole = await readFile(file);
  // The last kilobyte only says that nothing follows.
  for (let length = 0; length < whole.length - 1024; length += 512) {
    for (const bytes of [length, length + 1, length + 511]) {
      await writeFile(file, whole.subarray(0, bytes));
      t.not(await refusal(t, file), '', `${bytes} bytes`);
    }
  }
});

test('a layer with a wrong bit is refused', async (t) => {
  const file = await ociArchive(t);
  const bytes = await readFile(file);
  const at = bytes.lastIndexOf('web');
  bytes[at] = 0x57;
  await writeFile(file, bytes);
  t.regex(await refusal(t, file), /^is damaged: blobs\/sha256\/[0-9a-f]{64} has another content$/);
});

const layout = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };
const indexOf = (...manifests: object[]): string => JSON.stringify({ schemaVersion: 2, manifests });
const emptyBlob = createHash('sha256').update('').digest('hex');

for (const [title, members, said] of [
  ['a tar archive of something else', { 'notes.txt': 'x' }, /neither an index\.json .* nor a manifest\.json/],
  ['an index that is no JSON', { ...layout, 'index.json': '{' }, /its index\.json is no JSON/],
  [
    'an index of something else',
    { ...layout, 'index.json': '[]' },
    /index\.json that is none of an image archive/,
  ],
  [
    'an index whose manifest is missing',
    { ...layout, 'index.json': indexOf({ digest: `sha256:${'a'.repeat(64)}` }) },
    /is not whole: it has no blobs\/sha256\/aaaa/,
  ],
  [
    'images without names',
    {
      ...layout,
      [`blobs/sha256/${emptyBlob}`]: '',
      'index.json': indexOf({ digest: `sha256:${emptyBlob}` }),
    },
    /names no image: save it by its name/,
  ],
  [
    'a docker archive without its layer',
    {
      'manifest.json': JSON.stringify([{ Config: 'c.json', RepoTags: ['web:1'], Layers: ['l'] }]),
      'c.json': '{}',
    },
    /is not whole: it has no l$/,
  ],
  ['a node image', { 'twinstack-node-image.json': '{}' }, /is a node image: write it at image/],
] as const) {
  test(`${title} is refused`, async (t) => {
    t.regex(await refusal(t, await archiveOf(t, members)), said);
  });
}

test('a name that no pod could use is refused, with one that works', async (t) => {
  const file = await ociArchive(t, 'web:1.0');
  t.regex(await refusal(t, file), /names an image "web:1\.0".*such as docker\.io\/library\/web:1\.0$/);
});

test('what is no archive is told apart', async (t) => {
  const folder = temporaryDirectory(t);
  const file = join(folder, 'x');
  t.is(await refusal(t, file), 'does not exist');
  await mkdir(file);
  t.is(await refusal(t, file), 'is a folder');
  const empty = join(folder, 'empty');
  await writeFile(empty, '');
  t.is(await refusal(t, empty), 'is empty');
  await writeFile(empty, 'x'.repeat(5000));
  t.regex(await refusal(t, empty), /^is no tar archive, or a damaged one/);
  await writeFile(empty, Buffer.from('28b52ffd00', 'hex'));
  t.regex(await refusal(t, empty), /compressed with zstd/);
  t.is(await refusal(t, '/dev/zero'), 'is no regular file');
});
