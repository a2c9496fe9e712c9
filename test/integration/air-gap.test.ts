import { createHash } from 'node:crypto';
import { link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import anyTest from 'ava';
import { execa } from 'execa';
import { assertPassed, lxdGet, readWrittenReport, realTest as test, reportFolder } from './real-engine.ts';
import { runEntry } from '../support/run-entry.ts';
import { directoriesOf } from '../../src/host/directories.ts';
import { requireHostArchitecture } from '../../src/images/image-for-host.ts';
import { findCachedNodeImage } from '../../src/images/cache/cached-images.ts';
import { imageFiles, writeImageMetadata } from '../../src/images/build/pack-image.ts';
import { imageDirectory, type ImageDescription } from '../../src/images/cache/read-node-image.ts';
import { writeScratchImage } from '../../src/images/build/scratch-image.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../src/scenario/supported-versions.ts';

/** As of another version of this program: LXD has no image with it, so what runs is from the file alone. */
const KEY = createHash('sha256').update('twinstack integration test: air gap').digest('hex');
const SPEC = { kubernetesVersion: DEFAULT_KUBERNETES_VERSION, architecture: requireHostArchitecture() };
/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

const folder = await mkdtemp(join(tmpdir(), 'twinstack-air-gap-'));
const file = join(folder, 'a stick', 'node image.tar');
/** A host that never built anything: no Go, no debootstrap, no registry, no proxy that answers. */
const gap = {
  PATH: join(folder, 'programs'),
  XDG_CACHE_HOME: join(folder, 'cache'),
  XDG_STATE_HOME: join(folder, 'state'),
  GOPROXY: 'off',
  http_proxy: NOWHERE,
  https_proxy: NOWHERE,
  HTTP_PROXY: NOWHERE,
  HTTPS_PROXY: NOWHERE,
};

/** The image that this version builds, under a key that it would not build. */
async function addForeignImage(cacheDir: string): Promise<void> {
  const image = await findCachedNodeImage(SPEC, directoriesOf(process.env).cache);
  if (image === null) throw new Error('no node image is in the cache: run `image build` first');
  const from = imageFiles(imageDirectory(directoriesOf(process.env).cache, image.key));
  const to = imageFiles(imageDirectory(cacheDir, KEY));
  await mkdir(dirname(to.rootfs), { recursive: true });
  await link(from.rootfs, to.rootfs).catch(() => execa('cp', ['--reflink=auto', from.rootfs, to.rootfs]));
  await writeImageMetadata({ spec: SPEC, suite: 'trixie', key: KEY }, to.metadata);
  const description = JSON.parse(await readFile(from.description, 'utf8')) as ImageDescription;
  await writeFile(to.description, JSON.stringify({ ...description, key: KEY }));
}

async function removeFromLxd(): Promise<void> {
  const images = (await lxdGet('/1.0/images?recursion=1&project=default')) as {
    fingerprint: string;
    properties: Record<string, string> | null;
  }[];
  for (const { fingerprint, properties } of images) {
    if (properties?.['user.twinstack.cache'] !== KEY) continue;
    await execa('lxc', ['image', 'delete', '--project', 'default', `local:${fingerprint}`]);
  }
}

anyTest.after.always(async () => {
  await removeFromLxd().catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

test('an image that was built elsewhere is imported and proved on a host that could not build one', async (t) => {
  await removeFromLxd();
  const builder = { XDG_CACHE_HOME: join(folder, 'builder') };
  await addForeignImage(join(builder.XDG_CACHE_HOME, 'twinstack'));
  await mkdir(dirname(file));
  await mkdir(gap.PATH);
  for (const program of ['lxc', 'sync']) {
    const { stdout } = await execa('which', [program]);
    await symlink(stdout, join(gap.PATH, program));
  }
  const exported = await runEntry(['image', 'export', KEY.slice(0, 12), file], builder);
  t.is(exported.status, 0, exported.stderr);
  await rm(builder.XDG_CACHE_HOME, { recursive: true });

  const imported = await runEntry(['image', 'import', file], gap);
  t.is(imported.status, 0, imported.stderr);
  const reportDir = reportFolder();
  const run = ['run', 'scenarios/quickstart.yaml', '--no-egress', '--report-dir', reportDir];
  const { status, stderr } = await runEntry(run, gap);
  t.is(status, 0, stderr.split('\n').slice(-40).join('\n'));
  const report = readWrittenReport(reportDir);
  await assertPassed(t, report);
  t.is(report.image?.key, KEY);
  t.true(report.image?.source.startsWith(`imported from ${file} (key ${KEY.slice(0, 12)}…), exported on 20`));
});

test('a scenario names its own node image, and archives that are then in its nodes', async (t) => {
  const web = { reference: 'docker.io/library/web:1.0', description: '', entrypoint: ['/web'] };
  const files = [{ path: '/web', data: Buffer.from('web'), mode: 0o755 }];
  await writeScratchImage({ ...web, architecture: SPEC.architecture, files }, join(folder, 'web.tar'));
  const scenario = join(folder, 'own.yaml');
  await writeFile(
    scenario,
    'name: own-images\negress: blocked\nimage: a stick/node image.tar\nimages: [web.tar]\n',
  );
  const env = { ...gap, XDG_CACHE_HOME: join(folder, 'another cache') };
  const reportDir = reportFolder();
  const run = ['run', scenario, '--keep', 'always', '--no-egress', '--report-dir', reportDir];
  const { status, stderr } = await runEntry(run, env);
  try {
    t.is(status, 0, stderr.split('\n').slice(-40).join('\n'));
    const report = readWrittenReport(reportDir);
    t.is(report.image?.key, KEY);
    t.regex(report.image?.source ?? '', /^named by the scenario, imported from /);
    t.deepEqual(report.image?.archives?.[0]?.references, [web.reference]);
    const [node] = report.nodes;
    const inNode = ['exec', '--project', 'default', `local:${node?.name}`, '--'];
    const listed = await execa(
      'lxc',
      [...inNode, 'ctr', '--namespace', 'k8s.io', 'images', 'list', '--quiet'],
      {
        stdin: 'ignore',
      },
    );
    t.true(listed.stdout.split('\n').includes(web.reference), listed.stdout);
  } finally {
    const down = await runEntry(['down', 'own-images'], env);
    t.is(down.status, 0, down.stderr);
  }
});
