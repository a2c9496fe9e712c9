import test from 'ava';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostArchitecture } from '../../../src/images/architecture.ts';
import { findCachedNodeImage } from '../../../src/images/cache/cached-images.ts';
import {
  createDebianRecipe,
  DebianRecipe,
  type DebianRecipeParts,
} from '../../../src/images/build/debian-recipe.ts';
import { ensureNodeImageWith } from '../../../src/images/ensure-node-image.ts';
import { loadNodeImageData, templatesDirectory } from '../../../src/images/cache/node-image-data.ts';
import { imageFiles } from '../../../src/images/build/pack-image.ts';
import { imageDirectory } from '../../../src/images/cache/read-node-image.ts';
import type {
  Availability,
  Component,
  ComponentSource,
} from '../../../src/images/sources/component-source.ts';
import type { ImageProgress, NodeImageSpec, SettledImageSpec } from '../../../src/images/node-image.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { buildContext, FakeRunner } from './build-surroundings.ts';
import { fakeRecipe } from './fake-recipe.ts';

const spec: NodeImageSpec = { kubernetesVersion: '1.36.3', architecture: 'amd64' };
const data = await loadNodeImageData(templatesDirectory());

function fakeSource(name: string): ComponentSource {
  return {
    name,
    activity: 'Building',
    available: () => Promise.resolve({ available: true }),
    inputs: () => Promise.resolve({}),
    build: () => Promise.reject(new Error('nothing is built here')),
  };
}

/** A recipe whose release sites answer or not; it counts how often they are asked, and for what. */
function recipeThat(
  found: Availability,
  go = fakeSource('go-modules'),
): { recipe: DebianRecipe; asked: () => number; names: string[] } {
  let asked = 0;
  const names: string[] = [];
  const reachable = (components: readonly Component[]): Promise<Availability> => {
    asked += 1;
    names.push(...components.map(({ name }) => name));
    return Promise.resolve(found);
  };
  const parts: DebianRecipeParts = {
    data,
    rootfs: new Map(),
    containers: new Map(),
    importConfig: '',
    sources: { go, release: { ...fakeSource('release'), reachable } },
  };
  return { recipe: new DebianRecipe(parts), asked: () => asked, names };
}

const offline: Availability = { available: false, reason: 'dl.example.test can not be reached', hint: '' };

test('auto takes official binaries where they can be reached', async (t) => {
  const { recipe } = recipeThat({ available: true });
  t.is((await recipe.settle(spec, buildContext('/nowhere'))).source, 'release');
});

test('auto takes Go modules where they can not, and says why', async (t) => {
  const { recipe } = recipeThat(offline);
  const told: string[] = [];
  const context = buildContext('/nowhere', { report: (detail) => told.push(detail) });
  t.is((await recipe.settle(spec, context)).source, 'go');
  t.regex(told.join('\n'), /building from Go modules, because dl\.example\.test can not be reached/);
});

test('what nobody publishes with checksums is built with Go, whatever the source', async (t) => {
  const built: string[] = [];
  const go: ComponentSource = {
    ...fakeSource('go-modules'),
    inputs: ({ name }) => Promise.resolve(built.push(name)),
    available: () => Promise.resolve({ available: false, reason: 'there is no Go', hint: 'install it' }),
  };
  const { recipe, names } = recipeThat({ available: true }, go);
  await recipe.settle(spec, buildContext('/nowhere'));
  t.false(names.includes('flannel'));
  t.true(names.includes('kubernetes'));
  await recipe.key({ ...spec, source: 'release' });
  t.deepEqual(built, ['flannel']);

  const context = buildContext(temporaryDirectory(t));
  const host = { kubernetesVersion: spec.kubernetesVersion, architecture: hostArchitecture() ?? 'amd64' };
  const preflight = recipe.preflight({ ...host, source: 'release' }, context);
  const error = await t.throwsAsync(preflight, { instanceOf: FailureError });
  // A host without debootstrap says that first.
  t.regex(error.message, /there is no Go|needs what this host lacks/);
  const own = { program: 'flanneld', file: '/own/flanneld', sha256: 'a'.repeat(64) };
  const content = recipe.preflight({ ...host, source: 'release', binaries: [own] }, context);
  t.notRegex((await content.catch((failure: unknown) => String(failure))) ?? '', /there is no Go/);
});

for (const source of ['go', 'release'] as const) {
  test(`${source} is taken as it is written, and no site is asked`, async (t) => {
    const { recipe, asked } = recipeThat(offline);
    t.is((await recipe.settle({ ...spec, source }, buildContext('/nowhere'))).source, source);
    t.deepEqual(recipe.candidates({ ...spec, source }), [{ ...spec, source }]);
    t.is(asked(), 0);
  });
}

test('the source has a part in the key', async (t) => {
  const recipe = await createDebianRecipe(templatesDirectory(), {});
  t.not(await recipe.key({ ...spec, source: 'go' }), await recipe.key({ ...spec, source: 'release' }));
});

test('programs of the user have a part in the key by their content alone', async (t) => {
  const recipe = await createDebianRecipe(templatesDirectory(), {});
  const keyWith = (...binaries: NonNullable<NodeImageSpec['binaries']>): Promise<string> =>
    recipe.key({ ...spec, source: 'go', binaries });
  const kubelet = { program: 'kubelet', file: '/one/kubelet', sha256: 'a'.repeat(64) };
  const plain = await recipe.key({ ...spec, source: 'go' });
  t.is(await keyWith(), plain);
  t.not(await keyWith(kubelet), plain);
  t.is(await keyWith(kubelet), await keyWith({ ...kubelet, file: '/another/kubelet' }));
  t.not(await keyWith(kubelet), await keyWith({ ...kubelet, sha256: 'b'.repeat(64) }));
  t.not(await keyWith(kubelet), await keyWith({ ...kubelet, program: 'kubectl' }));
});

/** Puts an image into a cache, as a build that ended would have. */
async function putImage(cacheDir: string, settled: SettledImageSpec): Promise<string> {
  const recipe = await createDebianRecipe();
  const key = await recipe.key(settled);
  const files = imageFiles(imageDirectory(cacheDir, key));
  await mkdir(imageDirectory(cacheDir, key), { recursive: true });
  await writeFile(files.rootfs, 'root file system');
  const images = { nginxdualstack: '', probe: '', pause: '', coredns: '', etcd: '', kubeProxy: '' };
  const { source, ...rest } = settled;
  const described = {
    schemaVersion: 1,
    key,
    ...rest,
    components: {},
    images,
    imageRepository: 'r',
    timingsMs: {},
  };
  // As images of the first version are described.
  await writeFile(files.description, JSON.stringify(source === 'go' ? described : { ...described, source }));
  return key;
}

for (const source of ['go', 'release'] as const) {
  test(`auto takes an image that is in the cache, from ${source}; another choice does not`, async (t) => {
    const cacheDir = temporaryDirectory(t);
    const key = await putImage(cacheDir, { ...spec, source });
    t.like(await findCachedNodeImage(spec, cacheDir), { key, source });
    t.like(await findCachedNodeImage({ ...spec, source }, cacheDir), { key, source });
    const other = source === 'go' ? 'release' : 'go';
    t.is(await findCachedNodeImage({ ...spec, source: other }, cacheDir), null);
  });
}

test('with an image of either source in the cache, auto asks no site and builds nothing', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const { signal } = new AbortController();
  const deps = { cacheDir, runner: new FakeRunner(), rootPlace: null, signal, timeoutMs: 10_000 };
  const only = fakeRecipe(() => Promise.resolve());
  const built = await ensureNodeImageWith(
    only,
    { ...spec, source: 'go' },
    { ...deps, onProgress: () => undefined },
  );
  const told: ImageProgress[] = [];
  const strict = {
    ...only,
    candidates: (): SettledImageSpec[] => [
      { ...spec, source: 'release' },
      { ...spec, source: 'go' },
    ],
    key: (settled: SettledImageSpec) =>
      Promise.resolve(settled.source === 'go' ? built.key : 'cd'.repeat(32)),
    settle: () => Promise.reject(new Error('a site was asked')),
  };
  const found = await ensureNodeImageWith(strict, spec, { ...deps, onProgress: (event) => told.push(event) });
  t.is(found.key, built.key);
  t.deepEqual(told, []);
});

test('a file of mirrors takes the place of ours', async (t) => {
  const file = join(temporaryDirectory(t), 'upstream.json');
  await writeFile(file, JSON.stringify({ releases: { kubernetes: 'https://mirror.example.test/k8s' } }));
  const recipe = await createDebianRecipe(templatesDirectory(), { TWINSTACK_UPSTREAM: file });
  const ours = await createDebianRecipe(templatesDirectory(), {});
  const settled = { ...spec, source: 'release' } as const;
  t.is(await recipe.key(settled), await ours.key(settled));
});

for (const [what, content, pattern] of [
  ['no JSON', '{', /JSON/],
  ['a mirror without TLS', '{"releases":{"etcd":"http://mirror.example.test"}}', /must be an https:\/\/ URL/],
  [
    'a site that there is not',
    '{"releases":{"etdc":"https://mirror.example.test"}}',
    /there is no site etdc/,
  ],
  ['a key that there is not', '{"mirrors":{}}', /mirrors/],
  ['a sum that is none', '{"sums":{"etcd/x":"abc"}}', /must be a SHA-256/],
] as const) {
  test(`a file of mirrors with ${what} is refused, with its name`, async (t) => {
    const file = join(temporaryDirectory(t), 'upstream.json');
    await writeFile(file, content);
    const error = await t.throwsAsync(
      createDebianRecipe(templatesDirectory(), { TWINSTACK_UPSTREAM: file }),
      {
        instanceOf: FailureError,
      },
    );
    t.is(error.failure.class, 'usage');
    t.true(error.message.includes(file));
    t.regex(error.message, pattern);
  });
}
