import { mkdir, writeFile } from 'node:fs/promises';
import test from 'ava';
import { visit } from './command-line.ts';
import { addNodeImage, sampleKey } from '../support/sample-node-image.ts';
import { writeScratchImage } from '../../src/images/build/scratch-image.ts';

const BAD = `name: bad
image: ./my node.tar
images:
  - nope.tar
  - garbage.tar
  - .
`;

test.serial(
  'files that a scenario names are looked at before anything is touched, and each has its place',
  async (t) => {
    const visitor = await visit(t);
    const file = await visitor.write('s/bad.yaml', BAD);
    await visitor.write('s/garbage.tar', 'x'.repeat(2000));
    for (const verb of ['plan', 'run']) {
      const { status, stdout, stderr } = await visitor.run([verb, file]);
      t.is(status, 2);
      t.is(stdout, '');
      t.true(stderr.includes(`${file}:2:8 image: `), stderr);
      t.regex(stderr, /my node\.tar: there is no such file\. Name the file/);
      t.true(stderr.includes(`${file}:4:5 images[0]: nope.tar does not exist (rule file)`), stderr);
      t.true(stderr.includes(`${file}:5:5 images[1]: garbage.tar is no tar archive`), stderr);
      t.true(stderr.includes(`${file}:6:5 images[2]: . is a folder (rule file)`), stderr);
    }
    t.is((await visitor.run(['lint', file])).status, 0, 'lint sees the file alone');
  },
);

test.serial(
  'an image of the cache is named by the beginning of its key, and must be of the release',
  async (t) => {
    const visitor = await visit(t);
    const env = { XDG_CACHE_HOME: visitor.file('cache') };
    const cacheDir = visitor.file('cache/twinstack');
    await addNodeImage(cacheDir, { key: sampleKey('old') });
    await addNodeImage(cacheDir, { key: sampleKey('fits'), kubernetesVersion: '1.36.3' });
    const file = await visitor.write('mine.yaml', `image: ${sampleKey('old').slice(0, 10)}\n`);
    const old = await visitor.run(['plan', file], env);
    t.is(old.status, 2);
    t.regex(
      old.stderr,
      /mine\.yaml:1:8 image: the node image \w{12} has Kubernetes 1\.2\.3, and the scenario asks for 1\.36\.3/,
    );
    const none = await visitor.run(['plan', file, '--set', 'image=ffff'], env);
    t.is(none.status, 2);
    t.regex(none.stderr, /^--set:1:1 image: no node image in the cache has a key that begins with ffff/);
    const fits = await visitor.run(['plan', file, '--set', `image=${sampleKey('fits').slice(0, 6)}`], env);
    t.is(fits.status, 0, fits.stderr);
  },
);

test.serial(
  'an exported file is an image too, and one of another machine is none for this host',
  async (t) => {
    const visitor = await visit(t);
    const env = { XDG_CACHE_HOME: visitor.file('cache') };
    const cacheDir = visitor.file('cache/twinstack');
    const other = process.arch === 'arm64' ? 'amd64' : 'arm64';
    await addNodeImage(cacheDir, { key: sampleKey('fits'), kubernetesVersion: '1.36.3' });
    await addNodeImage(cacheDir, { key: sampleKey('far'), kubernetesVersion: '1.36.3', architecture: other });
    await mkdir(visitor.file('s/my files'), { recursive: true });
    for (const word of ['fits', 'far'])
      await visitor.run(['image', 'export', sampleKey(word), visitor.file(`s/my files/${word}.tar`)], env);
    const file = await visitor.write('s/mine.yaml', 'image: my files/fits.tar\nimages: [web.tar]\n');
    const web = {
      reference: 'docker.io/library/web:1.0',
      architecture: 'amd64',
      description: '',
      entrypoint: ['/x'],
    } as const;
    await writeScratchImage(
      { ...web, files: [{ path: '/x', data: Buffer.from('x'), mode: 0o755 }] },
      visitor.file('s/web.tar'),
    );

    const fits = await visitor.run(['plan', file]);
    t.is(fits.status, 0, fits.stderr);
    t.regex(fits.stdout, /\n\[image\] the node image is my files\/fits\.tar, /);
    t.regex(
      fits.stdout,
      /\n\[bootstrap\/load\/control-plane-1\/1\] load web\.tar into .*\n.* import - < .*\/s\/web\.tar\n {2}# docker\.io\/library\/web:1\.0: /,
    );

    await writeFile(file, 'image: my files/far.tar\n');
    for (const verb of ['plan', 'run']) {
      const far = await visitor.run([verb, file]);
      t.is(far.status, 3);
      t.true(far.stderr.includes(`is an image for ${other}, and this machine is`), far.stderr);
    }
  },
);
