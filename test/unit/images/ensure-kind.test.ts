import test from 'ava';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureKind,
  installedKind,
  OLDEST_KIND,
  type KindDependencies,
} from '../../../src/images/ensure-kind.ts';
import { kindComponent, loadKindImageData } from '../../../src/images/cache/kind-image-data.ts';
import { requireHostArchitecture } from '../../../src/images/image-for-host.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { FakeRunner } from './build-surroundings.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { ComponentSource } from '../../../src/images/sources/component-source.ts';

/** A source that writes a program, and counts how often. */
function fakeSource(changes: Partial<ComponentSource> = {}): ComponentSource & { builds: () => number } {
  let builds = 0;
  return {
    name: 'fake',
    activity: 'Building',
    available: () => Promise.resolve({ available: true }),
    inputs: () => Promise.resolve({}),
    build: async (_component, outDirectory) => {
      builds += 1;
      await mkdir(outDirectory, { recursive: true });
      await writeFile(join(outDirectory, 'kind'), '#!/bin/sh\n', { mode: 0o755 });
    },
    builds: () => builds,
    ...changes,
  };
}

function dependencies(
  cacheDir: string,
  inPath: string | null,
  source: ComponentSource = fakeSource(),
): KindDependencies {
  return {
    cacheDir,
    runner: new FakeRunner(inPath === null ? {} : { kind: () => ({ stdout: `${inPath}\n` }) }),
    signal: never(),
    timeoutMs: 10_000,
    onProgress: () => undefined,
    environment: {},
    source,
  };
}

const said = (version: string): string => `kind v${version} go1.26.8 linux/amd64`;

test('kind of PATH is taken where it is new enough', async (t) => {
  const source = fakeSource();
  for (const version of ['0.32.0', '0.33.1', '1.0.0']) {
    const found = await ensureKind(dependencies(temporaryDirectory(t), said(version), source));
    t.deepEqual(found, { file: 'kind', version, origin: 'path' });
  }
  t.is(source.builds(), 0);
});

test('an older one, a pre-release or none at all is not taken: ours is built once, and found from then on', async (t) => {
  for (const inPath of [
    said('0.31.0'),
    said('0.31.9'),
    'kind v0.34.0-alpha+f00ba4 go1.26.8 linux/amd64',
    'kind: a dress',
    null,
  ]) {
    const cacheDir = temporaryDirectory(t);
    const source = fakeSource();
    const built = await ensureKind(dependencies(cacheDir, inPath, source));
    t.like(built, { version: '0.33.0', origin: 'go' });
    t.true(built.file.startsWith(join(cacheDir, 'components', 'kind-')), built.file);
    const unavailable = fakeSource({
      available: () => Promise.resolve({ available: false, reason: 'no Go', hint: '' }),
    });
    t.deepEqual(await ensureKind(dependencies(cacheDir, inPath, unavailable)), built);
    t.is(source.builds(), 1);
  }
});

test('a kind of PATH that hangs up on the question is as good as none', async (t) => {
  const runner = new FakeRunner({ kind: () => ({ stdout: '' }) });
  t.is(await installedKind({ runner, signal: never() }), null);
});

test('where it can not be built, the failure says so before anything is fetched, and which version to install', async (t) => {
  const source = fakeSource({
    available: () =>
      Promise.resolve({ available: false, reason: 'Go is not installed', hint: 'Install Go.' }),
  });
  const deps = dependencies(temporaryDirectory(t), null, source);
  const error = await t.throwsAsync(ensureKind(deps), { instanceOf: FailureError });
  t.like(error?.failure, { class: 'preflight', hint: 'Install kind 0.33.0. Install Go.' });
  t.regex(error?.failure.message ?? '', /Go is not installed/);
  t.is(source.builds(), 0);
});

test('our own is one that we would take', async (t) => {
  const { version } = kindComponent(await loadKindImageData(), 'kind', requireHostArchitecture());
  t.true(Number(version.split('.')[1]) >= Number(OLDEST_KIND.split('.')[1]));
});
