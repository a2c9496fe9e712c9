import test from 'ava';
import { fileOf, samplePlan } from '../../support/sample-plan.ts';
import { IPV4_ONLY, sampleScenario, THREE_NODES } from '../../support/sample-scenario.ts';
import type { Plan } from '../../../src/plan/plan.ts';

interface BridgePlugin {
  readonly type: string;
  readonly ipMasq: boolean;
  readonly ipam: { readonly ranges: { subnet: string }[][]; readonly routes: { dst: string }[] };
}

const THREE = samplePlan(sampleScenario(THREE_NODES));
const CONFLIST = '/etc/cni/net.d/10-twinstack.conflist';

function pluginOf(plan: Plan, node: string): BridgePlugin {
  const { plugins } = JSON.parse(fileOf(plan, node, CONFLIST).content) as { plugins: BridgePlugin[] };
  const plugin = plugins.find(({ type }) => type === 'bridge');
  if (plugin === undefined) throw new Error('no bridge plugin');
  return plugin;
}

const linesOf = (plan: Plan, node: string, path: string): string[] =>
  fileOf(plan, node, path).content.trim().split('\n');

test('a pod gets an address and a default route of each family, and no NAT', (t) => {
  const { ipam, ipMasq } = pluginOf(THREE, 'worker-1');
  t.false(ipMasq);
  t.deepEqual(ipam.ranges, [
    [{ subnet: '{{podCIDR.ts-k7f3q2-worker-1.IPv4}}' }],
    [{ subnet: '{{podCIDR.ts-k7f3q2-worker-1.IPv6}}' }],
  ]);
  t.deepEqual(ipam.routes, [{ dst: '0.0.0.0/0' }, { dst: '::/0' }]);
});

test('every node has a route to the pods of every other, in both families, and none to its own', (t) => {
  t.deepEqual(linesOf(THREE, 'worker-1', '/etc/twinstack/routes'), [
    'route replace {{podCIDR.ts-k7f3q2-control-plane-1.IPv4}} via 198.51.100.11',
    'route replace {{podCIDR.ts-k7f3q2-worker-2.IPv4}} via 198.51.100.13',
    'route replace {{podCIDR.ts-k7f3q2-control-plane-1.IPv6}} via 2001:db8:88::11',
    'route replace {{podCIDR.ts-k7f3q2-worker-2.IPv6}} via 2001:db8:88::13',
  ]);
});

test('only what leaves pods, services and nodes is masqueraded', (t) => {
  const rules = linesOf(THREE, 'worker-2', '/etc/twinstack/masquerade.nft').filter((line) =>
    line.includes('saddr'),
  );
  t.deepEqual(
    rules.map((rule) => rule.trim()),
    [
      'ip saddr 10.1.0.0/16 ip daddr != { 10.1.0.0/16, 10.152.183.0/24, 198.51.100.11, 198.51.100.12, 198.51.100.13 } masquerade',
      'ip6 saddr fd01::/108 ip6 daddr != { fd01::/108, fd98::/108, 2001:db8:88::11, 2001:db8:88::12, 2001:db8:88::13 } masquerade',
    ],
  );
});

test('a packet for a pod range that no node has goes nowhere', (t) => {
  t.deepEqual(linesOf(THREE, 'worker-1', '/etc/twinstack/unreachable'), [
    'route replace unreachable 10.1.0.0/16 metric 4096',
    'route replace unreachable fd01::/108 metric 4096',
  ]);
});

test('single-stack: nothing of the other family', (t) => {
  const plan = samplePlan(sampleScenario({ ...IPV4_ONLY, ...THREE_NODES }));
  t.is(pluginOf(plan, 'worker-1').ipam.ranges.length, 1);
  for (const path of [
    CONFLIST,
    '/etc/twinstack/routes',
    '/etc/twinstack/masquerade.nft',
    '/etc/twinstack/unreachable',
  ]) {
    t.notRegex(fileOf(plan, 'worker-1', path).content, /::|IPv6|ip6/, path);
  }
});
