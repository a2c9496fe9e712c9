import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { runForms, type Form, type FormRuns } from './forms.ts';
import { assertNothingLeft, assertPassed, realTest as test } from './real-engine.ts';

// Two nodes in each mode, and two labs of one node in which flanneld can't start: they share the machine, and each test looks at one.

/** What a node says of its ways to the pods of others, for the record of a test of the user's own. */
const WAYS = [
  'sh',
  '-c',
  'for node in $TWINSTACK_NODES; do lxc exec -n "local:$node" -- sh -c "ip -o -d link show type vxlan; ip route; ip -6 route"; done',
];

const SCENARIOS = {
  'flannel-vxlan': { shipped: 'flannel-vxlan', change: { tests: [{ name: 'ways', run: WAYS }] } },
  'flannel-host-gw': { shipped: 'flannel-host-gw', change: { tests: [{ name: 'ways', run: WAYS }] } },
  'no-image': { shipped: 'flannel-vxlan', change: { nodes: {} } },
  'taken-vni': { shipped: 'flannel-vxlan', change: { nodes: {} } },
} satisfies Record<string, Form>;

type Name = keyof typeof SCENARIOS;

/** What is done to the node of a bad day, while kubeadm is at work and flanneld not there yet. */
const FAULTS = {
  'no-image': ['ctr', '--namespace=k8s.io', 'images', 'rm', 'twinstack.local/flannel:v0.28.4'],
  // Two VXLAN devices can't have the same number and port; another overlay was here first.
  'taken-vni': ['ip', 'link', 'add', 'other', 'type', 'vxlan', 'id', '1', 'dstport', '8472', 'dev', 'eth0'],
} as const;

/** Each fault is made when kubeadm begins in the node that it is for. */
function runAll(): Promise<FormRuns<Name>> {
  return runForms<Name>(SCENARIOS, [], async ({ stderrMatches }) => {
    const faults = Object.entries(FAULTS).map(async ([name, command]) => {
      const [, node = ''] = await stderrMatches(
        new RegExp(`^\\[${name}\\] .*kubeadm init on (ts-[a-z0-9]{6}-control-plane-1)`, 'm'),
      );
      await execa('lxc', ['exec', '-n', `local:${node}`, '--', ...command], { stdin: 'ignore' });
    });
    await Promise.all(faults);
  });
}

let started: Promise<FormRuns<Name>> | null = null;
const runs = (): Promise<FormRuns<Name>> => (started ??= runAll());

const MODES = {
  'flannel-vxlan': [
    /^\d+: flannel\.1: .* vxlan id 1 .* dev eth0 .*dstport 8472/m,
    /^\d+: flannel-v6\.1: .* vxlan id 1 /m,
    /^10\.244\.1\.0\/24 via 10\.244\.1\.0 dev flannel\.1 onlink/m,
    /^fd00:10:244:1::\/64 via fd00:10:244:1:: dev flannel-v6\.1 /m,
  ],
  'flannel-host-gw': [
    /^10\.244\.1\.0\/24 via [0-9.]+\.12 dev eth0/m,
    /^fd00:10:244:1::\/64 via [0-9a-f:]+::12 dev eth0/m,
  ],
} as const;

for (const name of ['flannel-vxlan', 'flannel-host-gw'] as const) {
  test(`${name}: pods of two nodes reach each other without NAT in both families`, async (t) => {
    const { report: reportOf, folder } = await runs();
    const report = reportOf(name);
    await assertPassed(t, report);
    t.deepEqual(report.families, ['ipv4', 'ipv6']);
    t.is(report.nodes.length, 2);
    for (const family of ['ipv4', 'ipv6']) {
      // The Service's one pod is on one of the nodes: a probe on each asks it, so one of them comes from the other.
      const seen = ['control-plane-1', 'worker-1'].map((node) => {
        const id = `service/nginx-dualstack/${family}/from-pod/${node}`;
        return report.checks.find((check) => check.id === id)?.evidence ?? {};
      });
      for (const { clientAddress, podAddress } of seen) {
        t.truthy(clientAddress);
        t.is(clientAddress, podAddress);
      }
    }
    const ways = readFileSync(join(folder(name), 'tests/1-ways.log'), 'utf8');
    for (const way of MODES[name]) t.regex(ways, way);
    if (name === 'flannel-host-gw') t.notRegex(ways, /flannel\.1|flannel-v6\.1/);
  });
}

const BAD_DAYS = {
  'no-image': [/container kube-flannel is ErrImageNeverPull/, /twinstack\.local\/flannel:v0\.28\.4/],
  'taken-vni': [
    /container kube-flannel is CrashLoopBackOff, ended 3 times, last with status 1/,
    /it printed:\n(.*\n)*.*registering network: failed to create vxlan device/,
  ],
} as const;

for (const name of ['no-image', 'taken-vni'] as const) {
  test(`flanneld that can't start (${name}): exit 4 names the DaemonSet and says why, long before a deadline`, async (t) => {
    const report = (await runs()).report(name);
    t.is(report.exitCode, 4);
    t.is(report.failure?.class, 'infrastructure');
    t.is(report.failure?.step, 'network/control-plane-1');
    const message = report.failure?.message ?? '';
    t.regex(message, /DaemonSet kube-flannel\/kube-flannel-ds is ready on ts-[a-z0-9]{6}-control-plane-1/);
    for (const words of BAD_DAYS[name]) t.regex(message, words);
    await assertNothingLeft(t, report.runId);
  });
}
