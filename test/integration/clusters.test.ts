import { assertPassed, readWrittenReport, realTest as test, reportFolder } from './real-engine.ts';
import { runEntry } from '../support/run-entry.ts';
import { addressFamily } from '../../src/network/ip-address.ts';
import type { Report } from '../../src/report/report.ts';
import type { ExecutionContext } from 'ava';

async function runScenario(t: ExecutionContext, name: string, ...options: string[]): Promise<Report> {
  const folder = reportFolder();
  const args = ['run', `scenarios/${name}.yaml`, '--no-egress', '--json', '--report-dir', folder, ...options];
  const { status, stdout, stderr } = await runEntry(args);
  t.is(status, 0, stderr.split('\n').slice(-40).join('\n'));
  const report = readWrittenReport(folder);
  t.deepEqual(JSON.parse(stdout), report);
  return report;
}

const evidenceOf = (report: Report, id: string): Record<string, unknown> =>
  report.checks.find((check) => check.id === id)?.evidence ?? {};

test('quickstart: one node answers over both ClusterIPs, and everything goes away again', async (t) => {
  const report = await runScenario(t, 'quickstart');
  await assertPassed(t, report);
  t.is(report.nodes.length, 1);
  t.truthy(report.timeToDualStackMs);
  for (const family of ['ipv4', 'ipv6']) {
    const fromNode = evidenceOf(report, `service/nginx-dualstack/${family}/from-node`);
    t.is(fromNode['status'], 200);
    const fromPod = evidenceOf(report, `service/nginx-dualstack/${family}/from-pod/control-plane-1`);
    t.is(fromPod['clientAddress'], fromPod['podAddress']);
    t.is(evidenceOf(report, `egress/lab/${family}/blocked`)['hostAnswered'], true);
  }
});

test('three nodes: pods of other nodes reach the Service without NAT in both families', async (t) => {
  const report = await runScenario(t, 'three-nodes');
  await assertPassed(t, report);
  t.deepEqual(
    report.nodes.map(({ role }) => role),
    ['control-plane', 'worker', 'worker'],
  );
  const ranges = report.nodes.flatMap(({ podCIDRs }) => podCIDRs);
  t.is(ranges.length, 6);
  t.is(new Set(ranges).size, 6);
  for (const family of ['ipv4', 'ipv6']) {
    for (const node of ['control-plane-1', 'worker-1', 'worker-2']) {
      const seen = evidenceOf(report, `service/nginx-dualstack/${family}/from-pod/${node}`);
      t.truthy(seen['clientAddress'], `${family} from ${node}`);
      t.is(seen['clientAddress'], seen['podAddress']);
    }
  }
});

test('a network plugin of the user: nodes are Ready by its manifest, and pods reach pods without NAT', async (t) => {
  const report = await runScenario(t, 'custom-cni');
  await assertPassed(t, report);
  for (const family of ['ipv4', 'ipv6']) {
    const seen = evidenceOf(report, `service/nginx-dualstack/${family}/from-pod/worker-1`);
    t.truthy(seen['clientAddress'], family);
    t.is(seen['clientAddress'], seen['podAddress']);
  }
});

test('IPv6 first: the cluster serves and registers its nodes with IPv6 as the primary family', async (t) => {
  const report = await runScenario(t, 'ipv6-primary');
  await assertPassed(t, report);
  t.is(addressFamily(report.nodes[0]?.addresses[0] ?? ''), 'IPv6');
  t.deepEqual(report.families, ['ipv6', 'ipv4']);
});

test('kube-proxy in mode iptables', async (t) => {
  await assertPassed(t, await runScenario(t, 'iptables'));
});

for (const [asked, other] of [
  ['ipv4', 'ipv6'],
  ['ipv6', 'ipv4'],
] as const) {
  test(`single-stack: a run that asks for ${asked} alone passes and is not called dual-stack`, async (t) => {
    const report = await runScenario(t, `${asked}-only`);
    await assertPassed(t, report);
    t.deepEqual(report.families, [asked]);
    t.is(report.timeToDualStackMs, null);
    t.deepEqual(
      report.checks.filter(({ id }) => id.includes(other)),
      [],
    );
  });
}
