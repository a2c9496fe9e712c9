import test, { type ExecutionContext } from 'ava';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentKey } from '../../../src/images/build/content-key.ts';
import { createDebianRecipe } from '../../../src/images/build/debian-recipe.ts';
import { templatesDirectory } from '../../../src/images/cache/node-image-data.ts';
import type { SettledImageSpec } from '../../../src/images/node-image.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const spec: SettledImageSpec = { kubernetesVersion: '1.36.3', architecture: 'amd64', source: 'go' };

async function copiedTemplates(t: ExecutionContext): Promise<string> {
  const directory = temporaryDirectory(t);
  await cp(templatesDirectory(), directory, { recursive: true });
  return directory;
}

async function keyOf(templates: string, changes: Partial<SettledImageSpec> = {}): Promise<string> {
  return await (await createDebianRecipe(templates, {})).key({ ...spec, ...changes });
}

type Json = Record<string, unknown>;

async function editJson(file: string, edit: (content: Json) => void): Promise<void> {
  const content = JSON.parse(await readFile(file, 'utf8')) as Json;
  edit(content);
  await writeFile(file, JSON.stringify(content));
}

test('equal templates give equal keys, wherever they are', async (t) => {
  t.is(await keyOf(await copiedTemplates(t)), await keyOf(templatesDirectory()));
  t.regex(await keyOf(templatesDirectory()), /^[0-9a-f]{64}$/);
});

test('one byte in any file that goes in gives another key', async (t) => {
  const templates = await copiedTemplates(t);
  const before = await keyOf(templates);
  const folder = join(templates, 'node-image');
  const versions = Object.entries((await createVersions(folder)) ?? {}).map(
    ([name, version]) => `${name}-${version}`,
  );
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/\.(json|md)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('/go/') || versions.some((version) => file.includes(`/go/${version}/`)));
  t.true(files.length > 15);
  for (const file of files) {
    const content = await readFile(file);
    await writeFile(file, Buffer.concat([content, Buffer.from('\n')]));
    t.not(await keyOf(templates), before, file);
    await writeFile(file, content);
  }
  t.is(await keyOf(templates), before);
});

async function createVersions(folder: string): Promise<Record<string, string> | undefined> {
  const content = JSON.parse(await readFile(join(folder, 'components.json'), 'utf8')) as {
    releases: Record<string, { versions: Record<string, string> }>;
  };
  return content.releases[spec.kubernetesVersion]?.versions;
}

const decisive: readonly (readonly [what: string, file: string, edit: (content: Json) => void])[] = [
  ['the Debian suite', 'debian.json', (content) => (content['suite'] = 'forky')],
  [
    'a package more',
    'debian.json',
    (content) => (content['packages'] = [...(content['packages'] as string[]), 'less']),
  ],
  ['a unit that is masked', 'root-filesystem.json', (content) => (content['mask'] = ['x.service'])],
  ['the registry prefix', 'containers.json', (content) => (content['repository'] = 'example.test')],
];

for (const [what, file, edit] of decisive) {
  test(`another key for ${what}`, async (t) => {
    const templates = await copiedTemplates(t);
    const before = await keyOf(templates);
    await editJson(join(templates, 'node-image', file), edit);
    t.not(await keyOf(templates), before);
  });
}

test('another key for each release and architecture', async (t) => {
  const templates = templatesDirectory();
  t.not(await keyOf(templates, { architecture: 'arm64' }), await keyOf(templates));
});

test('what does not go in does not change the key', async (t) => {
  const templates = await copiedTemplates(t);
  const before = await keyOf(templates);
  await editJson(
    join(templates, 'upstream.json'),
    (content) => (content['debianMirror'] = 'http://mirror.example.test'),
  );
  await editJson(
    join(templates, 'node-image', 'go', 'toolchain.json'),
    (content) => (content['version'] = '1.99.0'),
  );
  await editJson(join(templates, 'node-image', 'debian.json'), (content) =>
    (content['packages'] as string[]).reverse(),
  );
  await editJson(join(templates, 'node-image', 'components.json'), (content) => {
    const releases = content['releases'] as Record<string, { versions: Json }>;
    const release = releases[spec.kubernetesVersion];
    releases['1.99.0'] = { ...release, versions: { ...release?.versions, kubernetes: '1.99.0' } };
  });
  t.is(await keyOf(templates), before);
});

test('an unknown release is a usage failure that names the known ones', async (t) => {
  const error = await t.throwsAsync(keyOf(templatesDirectory(), { kubernetesVersion: '1.2.3' }), {
    instanceOf: FailureError,
  });
  t.is(error.failure.class, 'usage');
  t.regex(error.failure.hint ?? '', /1\.36\.3/);
});

test('the order of properties means nothing, that of a list does', (t) => {
  t.is(contentKey({ a: 1, b: { c: 2, d: 3 } }), contentKey({ b: { d: 3, c: 2 }, a: 1 }));
  t.not(contentKey({ a: [1, 2] }), contentKey({ a: [2, 1] }));
  t.not(contentKey({ a: '1' }), contentKey({ a: 1 }));
});
