import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse, parseAllDocuments } from 'yaml';
import {
  KindRecipe,
  createKindRecipe,
  type KindRecipeParts,
} from '../../../../src/images/build/kind-recipe.ts';
import { createDebianRecipe } from '../../../../src/images/build/debian-recipe.ts';
import { templatesDirectory } from '../../../../src/images/cache/node-image-data.ts';
import { renderTemplate } from '../../../../src/plan/render-template.ts';
import { loadKindImageData } from '../../../../src/images/cache/kind-image-data.ts';
import {
  findCachedNodeImage,
  findImportedNodeImage,
  listNodeImages,
} from '../../../../src/images/cache/cached-images.ts';
import { imageFormatOf, requireHostArchitecture } from '../../../../src/images/image-for-host.ts';
import { SUPPORTED_KUBERNETES_VERSIONS } from '../../../../src/scenario/supported-versions.ts';
import { addKindImage } from '../../../support/sample-kind-image.ts';
import { addNodeImage, sampleKey } from '../../../support/sample-node-image.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { buildContext } from '../build-surroundings.ts';
import { fakeRecipe } from '../fake-recipe.ts';
import type { NodeImageRecipe } from '../../../../src/images/build/node-image-recipe.ts';
import type { ImageSource, SettledImageSpec } from '../../../../src/images/node-image.ts';

const SPEC: SettledImageSpec = {
  kubernetesVersion: '1.2.3',
  architecture: 'amd64',
  source: 'go',
  format: 'kind',
};

/** A system container of which each source has a key of its own; official binaries can be reached. */
const base: NodeImageRecipe = {
  ...fakeRecipe(() => Promise.resolve()),
  candidates: (spec) => (['release', 'go'] as const).map((source) => ({ ...spec, source })),
  settle: (spec) => Promise.resolve({ ...spec, source: 'release' }),
  key: ({ source }) => Promise.resolve(sampleKey(source)),
};

async function recipe(changes: Partial<KindRecipeParts> = {}): Promise<KindRecipe> {
  return new KindRecipe({
    base,
    data: await loadKindImageData(),
    rootfs: new Map([['kind/version', Buffer.from('v{{kubernetesVersion}}')]]),
    importConfig: '',
    source: {
      name: 'fake',
      activity: 'Building',
      available: () => Promise.resolve({ available: true }),
      inputs: () => Promise.resolve({}),
      build: () => Promise.resolve(),
    },
    ...changes,
  });
}

test('whatever goes in has a part in the key, and the version of kind itself has none', async (t) => {
  const key = await (await recipe()).key(SPEC);
  t.is(await (await recipe()).key(SPEC), key);
  const data = await loadKindImageData();
  const { kind } = data.components;
  const otherKind = { ...data, components: { ...data.components, kind: { ...kind, version: '9.9.9' } } };
  t.is(await (await recipe({ data: otherKind })).key(SPEC), key);
  const agent = { ...data.components['cni-agent'], version: '9.9.9' };
  const others: Partial<KindRecipeParts>[] = [
    { base: { ...base, key: () => Promise.resolve(sampleKey('another base')) } },
    { data: { ...data, stopSignal: 'SIGTERM' } },
    { data: { ...data, components: { ...data.components, 'cni-agent': agent } } },
    { rootfs: new Map([['kind/version', Buffer.from('another')]]) },
    { importConfig: 'another' },
  ];
  const keys = await Promise.all(others.map(async (changes) => await (await recipe(changes)).key(SPEC)));
  t.is(new Set([key, ...keys]).size, others.length + 1);
});

test('the source of a system container that the cache has comes first: it is not built twice', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const settled = async (): Promise<ImageSource> =>
    (
      await (
        await recipe()
      ).settle({ kubernetesVersion: '1.2.3', architecture: 'amd64' }, buildContext(cacheDir))
    ).source;
  t.is(await settled(), 'release');
  await addNodeImage(cacheDir, { key: sampleKey('go') });
  t.is(await settled(), 'go');
  await addNodeImage(cacheDir, { key: sampleKey('release') });
  t.is(await settled(), 'release');
});

test('every release has an image for kind, with a key beside that of its system container', async (t) => {
  const [kind, system] = await Promise.all([createKindRecipe(), createDebianRecipe()]);
  for (const kubernetesVersion of SUPPORTED_KUBERNETES_VERSIONS) {
    const spec = { kubernetesVersion, architecture: requireHostArchitecture(), source: 'go' as const };
    t.true(kind.knows(spec));
    t.not(await kind.key({ ...spec, format: 'kind' }), await system.key(spec));
    // What is asked for says nothing of what a system container is made from.
    t.is(await system.key({ ...spec, format: 'kind' }), await system.key(spec));
  }
});

test('the cache lists both formats, and gives each to who takes it', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const kind = await createKindRecipe();
  const spec = {
    kubernetesVersion: '1.36.3',
    architecture: requireHostArchitecture(),
    source: 'go' as const,
  };
  const image = await addKindImage(cacheDir, await kind.key({ ...spec, format: 'kind' }));
  t.is(await findCachedNodeImage(spec, cacheDir), null);
  t.deepEqual(await findCachedNodeImage({ ...spec, format: 'kind' }, cacheDir), image);
  const container = await addNodeImage(cacheDir);
  t.deepEqual(new Set(await listNodeImages(cacheDir)), new Set([image, container]));
  const imported = {
    kind: 'imported',
    at: '2026-01-01T00:00:00Z',
    file: '/f',
    exportedAt: '2026-01-01T00:00:00Z',
  } as const;
  const images = [image, container].map((one) => ({ ...one, origin: imported }));
  const wanted = { kubernetesVersion: '1.2.3', architecture: container.architecture };
  t.is(findImportedNodeImage(wanted, images)?.key, container.key);
  t.is(findImportedNodeImage({ ...wanted, format: 'kind' }, images)?.key, image.key);
});

test('LXD and Incus take one image, kind another', (t) => {
  t.deepEqual((['lxd', 'incus', 'kind'] as const).map(imageFormatOf), [
    'system-container',
    'system-container',
    'kind',
  ]);
  t.is(imageFormatOf(), 'system-container');
});

test('what a node is told parses as YAML once it is filled in, and kind finds what it looks for', async (t) => {
  const folder = join(templatesDirectory(), 'kind', 'rootfs');
  const text = async (path: string): Promise<string> =>
    renderTemplate(
      await readFile(join(folder, path), 'utf8'),
      new Map([
        ['agentImage', 'r/agent:1'],
        ['kubernetesVersion', '1.2.3'],
      ]),
    );
  t.is(await text('kind/version'), 'v1.2.3\n');
  const cni = await text('kind/manifests/default-cni.yaml');
  // By these words kind knows that it shall fill in the pod ranges and the control plane's address.
  for (const words of ['would you kindly template this file', 'would you kindly patch this file'])
    t.true(cni.includes(words));
  const objects = parseAllDocuments(cni).map((document) => document.toJS() as Record<string, unknown>);
  t.deepEqual(
    objects.map(({ kind }) => kind),
    ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'DaemonSet'],
  );
  t.like(objects[3], {
    spec: { template: { spec: { hostNetwork: true, containers: [{ image: 'r/agent:1' }] } } },
  });
  t.like(parse(await text('kind/manifests/default-storage.yaml')), { kind: 'StorageClass' });
  t.like(parse(await text('etc/twinstack/kubelet.d/10-cgroup-v1.conf')), { failCgroupV1: false });
  const { executables } = await loadKindImageData();
  for (const path of executables) t.regex(await text(path), /^#!\/bin\//);
});
