import test from 'ava';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportNodeImage } from '../../../src/images/archive/export-node-image.ts';
import { importNodeImage } from '../../../src/images/archive/import-node-image.ts';
import { readExportManifest } from '../../../src/images/archive/read-exported-image.ts';
import { findOwnImage } from '../../../src/images/own-image.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { addKindImage } from '../../support/sample-kind-image.ts';
import { addNodeImage } from '../../support/sample-node-image.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { buildContext } from './build-surroundings.ts';
import type { NodeImage } from '../../../src/images/node-image.ts';

const orderOf = (image: NodeImage, file: string) => ({
  image,
  file,
  force: false,
  version: '0.0.1',
  now: new Date('2026-01-02T03:04:05.000Z'),
});

test('an image for kind goes out of one cache and into another as it was; programs that know none are told so', async (t) => {
  const folder = temporaryDirectory(t);
  const [from, to, file] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'kind.tar')];
  const image = await addKindImage(from);
  const { manifest } = await exportNodeImage(orderOf(image, file), buildContext(from));
  t.is(manifest.formatVersion, 2);
  const { image: imported } = await importNodeImage(file, image.architecture, buildContext(to));
  if (imported.format !== 'kind') return t.fail();
  t.is(imported.reference, image.reference);
  t.deepEqual(await readFile(imported.archiveFile), await readFile(image.archiveFile));
});

test('a system container is still written so that older programs can read it', async (t) => {
  const folder = temporaryDirectory(t);
  const [from, file] = [join(folder, 'from'), join(folder, 'container.tar')];
  await exportNodeImage(orderOf(await addNodeImage(from), file), buildContext(from));
  t.is((await readExportManifest(file, never())).formatVersion, 1);
});

test('a scenario that names an image of the other format is refused, in the cache and in a file', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const file = join(cacheDir, 'kind.tar');
  const kind = await addKindImage(cacheDir);
  const container = await addNodeImage(cacheDir);
  await exportNodeImage(orderOf(kind, file), buildContext(cacheDir));
  const { kubernetesVersion, architecture } = container;
  const spec = { kubernetesVersion, architecture };
  const find = (name: string, format: 'kind' | 'system-container') =>
    findOwnImage(name, '/', { ...spec, format }, cacheDir, never());
  t.like(await find(kind.key, 'kind'), { kind: 'cached', image: { key: kind.key } });
  t.like(await find(file, 'kind'), { kind: 'file', key: kind.key });
  t.like(await find(container.key, 'system-container'), { kind: 'cached' });
  for (const [name, format] of [
    [kind.key, 'system-container'],
    [file, 'system-container'],
    [container.key, 'kind'],
  ] as const) {
    const error = await t.throwsAsync(find(name, format), { instanceOf: FailureError });
    t.is(error?.failure.class, 'usage');
    t.regex(error?.message ?? '', /provider is not/);
  }
});
