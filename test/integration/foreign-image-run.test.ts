import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { buildRig } from './rig.ts';
import {
  assertNothingLeft,
  assertPassed,
  lxdGet,
  realTest as test,
  readWrittenReport,
  reportFolder,
} from './real-engine.ts';
import { ROOT, runEntry } from '../support/run-entry.ts';
import { never } from '../support/never.ts';
import { directoriesOf } from '../../src/host/directories.ts';
import { findCachedNodeImage } from '../../src/images/cache/cached-images.ts';
import { imageForHost } from '../../src/images/image-for-host.ts';
import { HostCommandRunner } from '../../src/process/host-command-runner.ts';
import { LXD } from '../../src/providers/lxc/dialect.ts';
import { STORAGE_POOL } from '../../src/providers/lxc/lxc-cache.ts';
import { LxcProvider } from '../../src/providers/lxc/lxc-provider.ts';
import { CACHE_LABEL } from '../../src/providers/lxc/lxc-requests.ts';
import { newRunId } from '../../src/run/run-identity.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../src/scenario/supported-versions.ts';
import type { NodeImage } from '../../src/images/node-image.ts';

const runner = new HostCommandRunner();
const CALL = { timeoutMs: 300_000, signal: never() };
const lxc = (...args: string[]): Promise<unknown> => runner.run('lxc', args, CALL);

async function nodeImage(): Promise<NodeImage> {
  const find = (): Promise<NodeImage | null> =>
    findCachedNodeImage(imageForHost(DEFAULT_KUBERNETES_VERSION), directoriesOf(process.env).cache);
  const cached = await find();
  if (cached !== null) return cached;
  await runEntry(['image', 'build', '--yes']);
  const built = await find();
  if (built === null) throw new Error('there is no node image to make another one of');
  return built;
}

/**
 * An image of the user's in the engine: it has no label, reads its addresses of cloud-init's key, has a k8s in it and no kube-scheduler in
 * PATH. @returns its alias.
 */
async function ownImage(t: ExecutionContext, image: NodeImage): Promise<string> {
  const name = `twinstack-test-${newRunId()}`;
  const provider = new LxcProvider(LXD, runner);
  const ensured = await provider.ensureImage(image, { ...CALL, onProgress: () => undefined });
  t.teardown(() => lxc('image', 'delete', `local:${name}`));
  const config = ['-c', 'security.privileged=true', '-s', STORAGE_POOL];
  await lxc('init', `local:${ensured.name}`, `local:${name}`, ...config);
  try {
    const program = await buildRig('k8s');
    await lxc('file', 'push', '--mode=0755', program, `local:${name}/usr/local/bin/k8s`);
    const script = join(ROOT, 'test/rigs/cloud-network/network.sh');
    await lxc('file', 'push', script, `local:${name}/usr/local/lib/twinstack/network.sh`);
    // kubeadm's is in a container, so that only a k0s misses it.
    await lxc('file', 'delete', `local:${name}/usr/local/bin/kube-scheduler`);
    await lxc('publish', `local:${name}`, 'local:', `--alias=${name}`, '--compression=none');
  } finally {
    await lxc('delete', `local:${name}`);
  }
  // What is published carries its origin's properties on, the label too.
  const { stdout } = await runner.run('lxc', ['query', `local:/1.0/images/aliases/${name}`], CALL);
  const { target } = JSON.parse(stdout) as { target: string };
  const body = JSON.stringify({ properties: { description: 'a test of twinstack' }, public: false });
  await lxc('query', '--wait', '--request', 'PUT', '--data', body, `local:/1.0/images/${target}`);
  return name;
}

test('an image of the engine that is none of ours, with addresses by cloud-init: dual-stack, and the image stays as it was', async (t) => {
  const image = await nodeImage();
  const alias = await ownImage(t, image);
  const folder = await mkdtemp(join(tmpdir(), 'twinstack-mirrors-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const { nginxdualstack, probe } = image.images;
  // Nothing can be fetched here, so the containers are those that the image has.
  const containerImages = {
    nginxdualstack: { image: nginxdualstack, body: 'Kubernetes dual-stack nginx' },
    probe: { image: probe },
  };
  const upstream = join(folder, 'upstream.json');
  await writeFile(upstream, JSON.stringify({ containerImages }));
  const reportDir = reportFolder();
  const set = [`image=local:${alias}`, 'install=preinstalled', 'nodes.workers=1'];
  const { status, stderr } = await runEntry(
    [
      'run',
      'scenarios/k8s-snap-dualstack.yaml',
      ...set.flatMap((change) => ['--set', change]),
      '--no-egress',
      '--report-dir',
      reportDir,
    ],
    { TWINSTACK_UPSTREAM: upstream },
  );
  t.is(status, 0, stderr.slice(-3000));
  const report = readWrittenReport(reportDir);
  await assertPassed(t, report);
  t.is(report.nodes.length, 2);
  const found = (await lxdGet(`/1.0/images/${report.image?.key}`)) as {
    properties: Record<string, string>;
    aliases: { name: string }[];
  };
  t.deepEqual(report.image?.foreign, {
    remote: 'local',
    alias,
    fingerprint: report.image?.key ?? '',
    server: null,
  });
  t.deepEqual(report.image?.workload, { image: nginxdualstack, standIn: true });
  t.deepEqual(
    found.aliases.map(({ name }) => name),
    [alias],
  );
  t.is(found.properties[CACHE_LABEL], undefined);
  t.regex(stderr, new RegExp(`image +local:${alias} in the engine … done`));
  t.notRegex(stderr, /node image/);

  // The same image, for a k0s without components in it: one is missing, which k0s itself would tell when its API server is up.
  const failed = reportFolder();
  const set0 = [`image=local:${alias}`, `binary=${await buildRig('k0s')}`];
  const second = await runEntry(
    [
      'run',
      'scenarios/k0s-custom-cni.yaml',
      ...set0.flatMap((change) => ['--set', change]),
      '--no-egress',
      '--report-dir',
      failed,
    ],
    { TWINSTACK_UPSTREAM: upstream },
  );
  t.is(second.status, 4, second.stderr.slice(-3000));
  const { failure, runId } = readWrittenReport(failed);
  t.regex(failure?.message ?? '', /missing: kube-scheduler$/m);
  t.regex(failure?.hint ?? '', /install: release/);
  await assertNothingLeft(t, runId);
});
