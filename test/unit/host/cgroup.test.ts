import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cgroupSettings, cgroupVersionOf } from '../../../src/host/cgroup-settings.ts';
import { detectCgroup } from '../../../src/host/detect-cgroup.ts';
import { createRequest } from '../../../src/providers/lxc/lxc-requests.ts';
import { sampleOwner } from '../../support/owner.ts';
import { fileOf, samplePlan } from '../../support/sample-plan.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** The files by which the trees of a host are told, as its /sys/fs/cgroup has them. */
const LAYOUTS = [
  { layout: 'v1', version: 1, files: ['cpu/tasks', 'memory/tasks', 'systemd/tasks'] },
  { layout: 'hybrid', version: 1, files: ['cpu/tasks', 'memory/tasks', 'unified/cgroup.controllers'] },
  { layout: 'v2', version: 2, files: ['cgroup.controllers', 'cgroup.procs', 'system.slice/cgroup.procs'] },
  // As in a container: its own cgroup is the root, and has the file too.
  { layout: 'v2', version: 2, files: ['cgroup.controllers', 'cgroup.type', 'cgroup.events'] },
] as const;

for (const [index, { layout, version, files }] of LAYOUTS.entries()) {
  test(`cgroup ${layout} is told by its files (${index + 1})`, async (t) => {
    const root = temporaryDirectory(t);
    for (const file of files) {
      await mkdir(join(root, file, '..'), { recursive: true });
      await writeFile(join(root, file), '');
    }
    t.is(await detectCgroup(root), layout);
    t.is(cgroupVersionOf(layout), version);
  });
}

test('a host that mounts nothing is treated as version 1', async (t) => {
  t.is(await detectCgroup(join(temporaryDirectory(t), 'missing')), 'v1');
});

for (const version of [1, 2] as const) {
  const other = version === 1 ? 2 : 1;
  test(`nodes and kubelets of cgroup v${version} are set up for it alone`, (t) => {
    const { rawLxc, kubelet } = cgroupSettings(version);
    const profile = {
      kind: 'profile',
      name: 'ts-a',
      network: 'ts-a',
      pool: 'p',
      cgroupVersion: version,
      snap: null,
    } as const;
    const config = createRequest(profile, sampleOwner('k7f3q2')).body.config as Record<string, string>;
    const lines = config['raw.lxc']?.split('\n') ?? [];
    for (const line of rawLxc) t.true(lines.includes(line));
    for (const line of cgroupSettings(other).rawLxc) t.false(lines.includes(line));
    const plan = samplePlan(sampleScenario(), { cgroupVersion: version });
    const written = fileOf(plan, 'control-plane-1', '/etc/twinstack/kubeadm.yaml').content;
    t.is(/^failCgroupV1: false$/m.test(written), version === 1);
    t.is('failCgroupV1' in kubelet, version === 1);
  });
}
