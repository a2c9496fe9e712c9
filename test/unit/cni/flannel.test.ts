import test from 'ava';
import { SAMPLE_FOREIGN_IMAGE } from '../../support/sample-foreign-image.ts';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { actionsOf, fileOf, SAMPLE_RUN, samplePlan } from '../../support/sample-plan.ts';
import {
  IPV4_ONLY,
  IPV6_ONLY,
  IPV6_PRIMARY,
  sampleScenario,
  THREE_NODES,
} from '../../support/sample-scenario.ts';
import { LXD } from '../../../src/providers/lxc/dialect.ts';
import { LxcProvider } from '../../../src/providers/lxc/lxc-provider.ts';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { renderPlan } from '../../../src/plan/render-plan.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { sampleOwner } from '../../support/owner.ts';
import type { FlannelConfig } from '../../../src/cni/flannel-manifest.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

const CONFLIST = '/etc/cni/net.d/10-flannel.conflist';

interface Container {
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly args: string[];
  readonly env: { name: string; value?: string }[];
  readonly securityContext: { privileged: boolean; capabilities: { add: string[] } };
}

interface FlannelObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data: Record<string, string>;
  readonly spec: {
    readonly template: {
      readonly spec: { readonly hostNetwork: boolean; readonly containers: [Container] };
    };
  };
}

function planOf(mode: 'vxlan' | 'host-gw', change: Partial<Scenario> = {}): Plan {
  return samplePlan(sampleScenario({ cni: { name: 'flannel', mode, manifest: null }, ...change }));
}

function objectsOf(plan: Plan): FlannelObject[] {
  const manifest = actionsOf(plan).flatMap((action) =>
    action.kind === 'apply' && action.name === 'flannel' ? [action.manifest] : [],
  );
  return parseAllDocuments(manifest.join('')).map((document) => document.toJS() as FlannelObject);
}

function objectOf(plan: Plan, kind: string): FlannelObject {
  const found = objectsOf(plan).find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
}

const configOf = (plan: Plan): FlannelConfig =>
  JSON.parse(objectOf(plan, 'ConfigMap').data['net-conf.json'] ?? '') as FlannelConfig;
const containerOf = (plan: Plan): Container => objectOf(plan, 'DaemonSet').spec.template.spec.containers[0];

const BOTH = { Network: '10.1.0.0/16', IPv6Network: 'fd01::/108' };
const FAMILIES = [
  ['both families', {}, { EnableIPv4: true, EnableIPv6: true, ...BOTH }],
  ['IPv6 first', IPV6_PRIMARY, { EnableIPv4: true, EnableIPv6: true, ...BOTH }],
  ['IPv4 alone', IPV4_ONLY, { EnableIPv4: true, EnableIPv6: false, Network: BOTH.Network }],
  ['IPv6 alone', IPV6_ONLY, { EnableIPv4: false, EnableIPv6: true, IPv6Network: BOTH.IPv6Network }],
] as const satisfies readonly (readonly [string, Partial<Scenario>, object])[];

for (const mode of ['vxlan', 'host-gw'] as const) {
  for (const [title, change, families] of FAMILIES) {
    test(`${mode} with ${title}: Flannel is told the ranges of these families and no other`, (t) => {
      const plan = planOf(mode, change);
      t.deepEqual(configOf(plan), { ...families, EnableNFTables: true, Backend: { Type: mode } });
      const { families: asked } = sampleScenario(change).network;
      const { plugins } = JSON.parse(
        fileOf(plan, 'control-plane-1', CONFLIST).content.replace(/\{\{flannelMTU\.[^}]+\}\}/, '1450'),
      ) as { plugins: { mtu?: number; ipMasq?: boolean; ipam?: { ranges: { subnet: string }[][] } }[] };
      t.like(plugins[0], { type: 'bridge', mtu: 1450, ipMasq: false });
      t.deepEqual(
        plugins[0]?.ipam?.ranges,
        asked.map((family) => [{ subnet: `{{podCIDR.ts-k7f3q2-control-plane-1.${family}}}` }]),
      );
    });
  }
}

test('rules are of the kind that kube-proxy writes', (t) => {
  t.false(configOf(planOf('vxlan', { kubeProxy: { mode: 'iptables' } })).EnableNFTables);
});

test('flanneld uses the addresses that the plan gave the nodes, and no others', (t) => {
  const { args } = containerOf(planOf('vxlan', THREE_NODES));
  const pattern = args.find((arg) => arg.startsWith('--iface-regex='))?.slice('--iface-regex='.length) ?? '';
  const matches = (address: string): boolean => new RegExp(pattern).test(address);
  for (const address of ['198.51.100.11', '198.51.100.13', '2001:db8:88::11', '2001:db8:88::13'])
    t.true(matches(address), address);
  for (const other of [
    '198.51.100.1',
    '198.51.100.110',
    '198x51.100.11',
    '2001:db8:88::1',
    'fe80::1',
    'eth0',
  ])
    t.false(matches(other), other);
});

test('flanneld asks the API server directly, in the primary family, as a pod with two capabilities', (t) => {
  const first = containerOf(planOf('host-gw'));
  const host = ({ env }: Container): string | undefined =>
    env.find(({ name }) => name === 'KUBERNETES_SERVICE_HOST')?.value;
  t.is(host(first), '198.51.100.11');
  t.is(host(containerOf(planOf('host-gw', IPV6_PRIMARY))), '2001:db8:88::11');
  t.deepEqual(first.securityContext, { privileged: false, capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } });
  t.deepEqual(first.args.slice(0, 2), ['--kube-subnet-mgr', '--ip-masq']);
  t.true(objectOf(planOf('host-gw'), 'DaemonSet').spec.template.spec.hostNetwork);
});

test('flanneld is that of the node image, which is in no registry; in another image it is what the world publishes', (t) => {
  t.like(containerOf(planOf('vxlan')), { image: 'twinstack.local/flannel', imagePullPolicy: 'Never' });
  const scenario = sampleScenario({ cni: { name: 'flannel', mode: 'vxlan', manifest: null } });
  const plan = samplePlan(scenario, {
    foreign: SAMPLE_FOREIGN_IMAGE,
  });
  t.like(containerOf(plan), { image: 'r/flannel:1', imagePullPolicy: 'IfNotPresent' });
});

test('every object but what is of the whole cluster is in the namespace that comes first', (t) => {
  const objects = objectsOf(planOf('vxlan'));
  t.is(objects[0]?.kind, 'Namespace');
  const namespaced = objects.filter(({ kind }) => !/^(Namespace|ClusterRole|ClusterRoleBinding)$/.test(kind));
  t.deepEqual(
    namespaced.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`),
    ['ServiceAccount kube-flannel', 'ConfigMap kube-flannel', 'DaemonSet kube-flannel'],
  );
});

test('pods of a node get addresses when its flanneld works, and no node waits for another', (t) => {
  const { steps } = planOf('vxlan', THREE_NODES);
  const worker = steps.find(({ id }) => id === 'network/worker-2');
  if (worker === undefined) return t.fail();
  t.deepEqual(worker.needs, ['network/apply', 'join/worker-2']);
  t.deepEqual(steps.find(({ id }) => id === 'network/control-plane-1')?.needs, ['network/apply']);
  t.deepEqual(
    worker.actions.map((action) => (action.kind === 'wait' ? action.condition.type : action.kind)),
    ['pod-cidrs', 'daemonset-on-node', 'exec', 'write-files'],
  );
  t.like(worker.actions[2], { capture: 'flannelMTU.ts-k7f3q2-worker-2' });
});

for (const name of ['flannel-vxlan', 'flannel-host-gw']) {
  test(`the network of ${name} reads as recorded`, (t) => {
    const file = new URL(`../../../scenarios/${name}.yaml`, import.meta.url);
    const { scenario } = parseScenario(readFileSync(file, 'utf8'), `${name}.yaml`);
    if (scenario === null) return t.fail();
    const plan = samplePlan(scenario);
    const steps = plan.steps.filter(({ phase }) => phase === 'network');
    const provider = new LxcProvider(LXD, new HostCommandRunner());
    const text = `${renderPlan({ ...plan, steps }, provider, sampleOwner(SAMPLE_RUN)).join('\n')}\n`;
    const recorded = new URL(`../../fixtures/plans/${name}.txt`, import.meta.url);
    t.is(text, readFileSync(recorded, 'utf8'));
  });
}
