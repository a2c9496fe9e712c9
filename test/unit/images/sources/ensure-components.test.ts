import test from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildProgress } from '../../../../src/images/build/build-progress.ts';
import type { Component, ComponentSource } from '../../../../src/images/sources/component-source.ts';
import {
  componentKey,
  componentPrograms,
  ensureComponents,
} from '../../../../src/images/sources/ensure-components.ts';
import { buildContext } from '../build-surroundings.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const components: readonly Component[] = ['etcd', 'coredns'].map((name) => ({
  name,
  version: '1.0.0',
  architecture: 'amd64',
  definition: { programs: { [name]: `example.test/${name}` }, variables: {}, directory: 'usr/local/bin' },
}));

function fakeSource(built: string[], flags = ''): ComponentSource {
  return {
    name: 'fake',
    activity: 'Building',
    available: () => Promise.resolve({ available: true }),
    inputs: () => Promise.resolve({ flags }),
    build: async ({ name }, outDirectory) => {
      built.push(name);
      await writeFile(join(outDirectory, name), `${name}${flags}`);
    },
  };
}

const quiet = (): BuildProgress => new BuildProgress(2, () => undefined);

test('each component is built once, and again only when its inputs change', async (t) => {
  const context = buildContext(temporaryDirectory(t));
  const built: string[] = [];
  const source = fakeSource(built);
  await ensureComponents(components, () => source, context, quiet());
  const programs = await componentPrograms(components, () => source, context);
  t.deepEqual(built, ['etcd', 'coredns']);
  t.deepEqual(
    programs.map(({ name }) => name),
    ['etcd', 'coredns'],
  );
  t.is(await readFile(programs[0]?.source ?? '', 'utf8'), 'etcd');

  await ensureComponents(components, () => source, context, quiet());
  t.is(built.length, 2);

  await ensureComponents(components, () => fakeSource(built, '-x'), context, quiet());
  t.is(built.length, 4);
});

test('a component that was built stays when a later one fails', async (t) => {
  const context = buildContext(temporaryDirectory(t));
  const built: string[] = [];
  const source = fakeSource(built);
  const failing: ComponentSource = {
    ...source,
    build: async (component, outDirectory, buildContext) => {
      if (component.name === 'coredns') throw new Error('out of memory');
      await source.build(component, outDirectory, buildContext);
    },
  };
  await t.throwsAsync(
    ensureComponents(components, () => failing, context, quiet()),
    {
      message: 'could not make coredns 1.0.0: out of memory',
    },
  );
  await ensureComponents(components, () => source, context, quiet());
  t.deepEqual(built, ['etcd', 'coredns']);
});

test('a key knows the version, the architecture and the source', async (t) => {
  const [component] = components;
  if (component === undefined) return t.fail();
  const source = fakeSource([]);
  const key = await componentKey(component, source);
  t.not(await componentKey({ ...component, version: '1.0.1' }, source), key);
  t.not(await componentKey({ ...component, architecture: 'arm64' }, source), key);
  t.not(await componentKey(component, { ...source, name: 'other' }), key);
  t.is(await componentKey({ ...component }, fakeSource([])), key);
});

test('progress names every step that runs, with what it does', async (t) => {
  const seen: string[] = [];
  const progress = new BuildProgress(2, ({ step, done, total }) => seen.push(`${done}/${total} ${step}`));
  const context = buildContext('/nowhere');
  await progress.step('Building etcd', context, async () => {
    await progress.step('Installing Debian', context, ({ report }) => {
      report('too soon after the last event to be told');
      return Promise.resolve();
    });
  });
  t.deepEqual(seen, ['0/2 Building etcd', '0/2 Building etcd; Installing Debian', '1/2 Building etcd']);
  t.deepEqual(Object.keys(progress.timings), ['Installing Debian', 'Building etcd']);
});
