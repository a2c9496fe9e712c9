import test from 'ava';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerReferences } from '../../../../src/images/build/container-images.ts';
import { loadNodeImageData, templatesDirectory } from '../../../../src/images/cache/node-image-data.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const templates = templatesDirectory();

test('the shipped data is valid, and every release has its pinned modules', async (t) => {
  const { catalogue } = await loadNodeImageData(templates);
  t.true(Object.keys(catalogue.releases).includes('1.36.3'));
  for (const { versions } of Object.values(catalogue.releases)) {
    for (const [name, version] of Object.entries(versions)) {
      const module = join(templates, 'node-image', 'go', `${name}-${version}`);
      const goMod = await readFile(join(module, 'go.mod'), 'utf8');
      t.true(new RegExp(` v${version}( // indirect)?$`, 'm').test(goMod), `${module} requires ${version}`);
      for (const path of Object.values(catalogue.components[name]?.programs ?? {})) {
        t.true(goMod.includes(path), `${module} keeps ${path}`);
      }
      t.true((await readFile(join(module, 'go.sum'), 'utf8')).length > 0);
    }
  }
});

test('the pinned toolchain satisfies every go.mod', async (t) => {
  const { catalogue, toolchain } = await loadNodeImageData(templates);
  const number = (version: string): number =>
    version.split('.').reduce((sum, part, index) => sum + Number(part) * 1000 ** (2 - index), 0);
  for (const { versions } of Object.values(catalogue.releases)) {
    for (const [name, version] of Object.entries(versions)) {
      const goMod = await readFile(
        join(templates, 'node-image', 'go', `${name}-${version}`, 'go.mod'),
        'utf8',
      );
      const wanted = /^go (\S+)$/m.exec(goMod)?.[1] ?? '';
      t.true(number(toolchain.version) >= number(wanted), `${name} ${version} wants Go ${wanted}`);
    }
  }
});

test('a release without a component is refused, with its place', async (t) => {
  const copy = temporaryDirectory(t);
  await cp(templates, copy, { recursive: true });
  const file = join(copy, 'node-image', 'components.json');
  const content = JSON.parse(await readFile(file, 'utf8')) as {
    releases: Record<string, { versions: Record<string, string> }>;
  };
  delete content.releases['1.36.3']?.versions['etcd'];
  await writeFile(file, JSON.stringify(content));
  await t.throwsAsync(loadNodeImageData(copy), { message: /components\.json.*has no version of etcd/s });
});

test('a default that is no release is refused', async (t) => {
  const copy = temporaryDirectory(t);
  await cp(templates, copy, { recursive: true });
  const file = join(copy, 'node-image', 'components.json');
  const content = JSON.parse(await readFile(file, 'utf8')) as { default: string };
  content.default = '1.2.3';
  await writeFile(file, JSON.stringify(content));
  await t.throwsAsync(loadNodeImageData(copy), { message: /components\.json.*there is no release 1\.2\.3/s });
});

test('container images have the names that kubeadm asks for', async (t) => {
  const { containers } = await loadNodeImageData(templates);
  const names = [
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-proxy',
    'coredns',
    'pause',
    'etcd',
  ];
  const asked = new Map(names.map((name) => [name, `twinstack.local/${name}:v9`]));
  const versions = new Map([['flannel', '0.1.2']]);
  const references = containerReferences(containers, asked, versions);
  t.is(references.get('kubeProxy'), 'twinstack.local/kube-proxy:v9');
  t.is(references.get('probe'), 'twinstack.local/probe:1');
  t.is(references.get('flannel'), 'twinstack.local/flannel:v0.1.2');

  t.throws(
    () =>
      containerReferences(
        containers,
        new Map([...asked, ['new-part', 'twinstack.local/new-part:v9']]),
        versions,
      ),
    {
      message: /asks for images that we do not make: new-part/,
    },
  );
  asked.delete('pause');
  t.throws(() => containerReferences(containers, asked, versions), {
    message: /does not ask for an image pause/,
  });
});
