import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTest as test } from './real-engine.ts';
import { cgroupVersionOf } from '../../src/host/cgroup-settings.ts';
import { detectCgroup } from '../../src/host/detect-cgroup.ts';
import { modulesToLoad, readKernelModules } from '../../src/host/kernel-modules.ts';
import { HostCommandRunner } from '../../src/process/host-command-runner.ts';
import { LXD } from '../../src/providers/lxc/dialect.ts';
import { LxcClient } from '../../src/providers/lxc/lxc-client.ts';
import { LxcProvider } from '../../src/providers/lxc/lxc-provider.ts';
import { createRequest } from '../../src/providers/lxc/lxc-requests.ts';
import { newRunId } from '../../src/run/run-identity.ts';
import { removeRun } from '../../src/run/remove-run.ts';
import { Journal } from '../../src/run/journal.ts';
import { makeTinyImage } from '../support/image-server.ts';
import { never } from '../support/never.ts';
import { sampleOwner } from '../support/owner.ts';

const runner = new HostCommandRunner();
const provider = new LxcProvider(LXD, runner);
const client = new LxcClient(LXD, runner);
const CALL = { timeoutMs: 60_000, signal: never() };

test("a container with a snap's profile starts, and mounts a file system through a loop device as snapd does", async (t) => {
  const runId = newRunId();
  const owner = sampleOwner(runId);
  const name = `ts-${runId}`;
  const instance = `${name}-control-plane-1`;
  const folder = await mkdtemp(join(tmpdir(), 'twinstack-profile-'));
  const pool = `ts-profile-${runId}`;
  await client.query('POST', '/1.0/storage-pools', { name: pool, driver: 'dir' }, CALL);
  let image = '';
  t.teardown(async () => {
    const { outcome, errors } = await removeRun(provider, runId, new Journal(folder), CALL);
    if (outcome !== 'complete') throw new Error(errors.join('; '));
    if (image !== '') await client.query('DELETE', `/1.0/images/${image}`, undefined, CALL);
    await client.query('DELETE', `/1.0/storage-pools/${pool}`, undefined, CALL);
    await rm(folder, { recursive: true, force: true });
  });
  const { metadata, fingerprint } = await makeTinyImage(folder);
  const files = [join(folder, 'metadata.tar.xz'), join(folder, 'rootfs.squashfs')] as const;
  await writeFile(files[0], metadata);
  await runner.run('lxc', ['image', 'import', ...files, 'local:'], CALL);
  image = fingerprint;
  const cgroupVersion = cgroupVersionOf(await detectCgroup());
  const kernelModules = modulesToLoad((await readKernelModules()).snap);
  t.log(`the engine is to load: ${kernelModules.join(', ') || 'nothing'}`);
  await provider.create({ kind: 'network', name, ranges: [], egress: 'open', acl: null }, owner, CALL);
  const spec = {
    kind: 'profile',
    name,
    network: name,
    pool,
    cgroupVersion,
    snap: { kernelModules },
  } as const;
  await provider.create(spec, owner, CALL);
  const { config } = createRequest(spec, owner).body as { config: Record<string, string> };
  const { body } = createRequest(
    {
      kind: 'instance',
      name: instance,
      role: 'control-plane',
      profile: name,
      image,
      addresses: [],
      gateways: [],
      hosts: [],
      cloudInit: { nameservers: [] },
    },
    owner,
  );
  // The image has no programs: the host's are mounted into it, and one that waits is its init.
  const init = { 'raw.lxc': `${config['raw.lxc'] ?? ''}lxc.init.cmd=/usr/bin/sleep infinity\n` };
  const usr = { type: 'disk', source: '/usr', path: '/usr', readonly: 'true' };
  const changed = { ...body, config: { ...(body['config'] as object), ...init }, devices: { usr } };
  await client.query('POST', '/1.0/instances', changed, CALL);
  await provider.start(instance, CALL);
  const node = provider.node(instance);
  const devices = Array.from({ length: 17 }, (_, number) => `/dev/loop${number}`);
  const nodes = ['/dev/kmsg', '/dev/loop-control', ...devices];
  const { stdout } = await node.run('stat', ['--format=%n %F %t:%T', ...nodes], CALL);
  const expected = [
    '/dev/kmsg character special file 1:b',
    '/dev/loop-control character special file a:ed',
    ...devices.map((file, number) => `${file} block special file 7:${number.toString(16)}`),
  ];
  t.deepEqual(stdout.trim().split('\n'), expected);
  await node.run('mksquashfs', ['/etc', '/tmp/some.snap', '-quiet', '-no-progress'], CALL);
  await node.run('mount', ['-t', 'squashfs', '-o', 'loop,ro', '/tmp/some.snap', '/var'], CALL);
  t.teardown(() => node.run('umount', ['/var'], CALL));
  t.is((await node.run('cat', ['/var/group'], CALL)).stdout.trim(), 'root:x:0:');
});
