import test from 'ava';
import { parse } from 'yaml';
import { takesLists } from '../../../src/distributions/kind-config.ts';
import { actionsOf, samplePlan } from '../../support/sample-plan.ts';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';

interface KindConfig {
  readonly networking: Record<string, unknown>;
  readonly featureGates?: Record<string, boolean>;
  readonly kubeadmConfigPatches: string[];
  readonly kubeadmConfigPatchesJSON6902?: { version: string; kind: string; patch: string }[];
  readonly nodes: { role: string; image: string }[];
}

function configOf(yaml: string): KindConfig {
  const { scenario, problems } = parseScenario(`provider: kind\n${yaml}`, 'x.yaml');
  if (scenario === null) throw new Error(problems.map(({ message }) => message).join('\n'));
  const action = actionsOf(samplePlan(scenario)).find(
    (candidate) => candidate.kind === 'create' && candidate.resource.kind === 'cluster',
  );
  if (action?.kind !== 'create' || action.resource.kind !== 'cluster') throw new Error('no cluster');
  return parse(action.resource.config) as KindConfig;
}

function patchOf(config: KindConfig, kind: string): Record<string, Record<string, unknown>> {
  const patches = config.kubeadmConfigPatches.map((text) => parse(text) as Record<string, never>);
  const found = patches.find((patch) => patch['kind'] === kind);
  if (found === undefined) throw new Error(`no patch of ${kind}`);
  return found;
}

test('families, ranges in their order, and the mode of kube-proxy', (t) => {
  const dual = configOf(
    'network: { primaryFamily: IPv6, pods: [fd01::/48, 10.1.0.0/16], services: [fd98::/108, 10.152.183.0/24] }\nkubeProxy: { mode: iptables }',
  );
  t.deepEqual(dual.networking, {
    ipFamily: 'dual',
    podSubnet: 'fd01::/48,10.1.0.0/16',
    serviceSubnet: 'fd98::/108,10.152.183.0/24',
    kubeProxyMode: 'iptables',
    disableDefaultCNI: false,
  });
  t.is(configOf('network: { families: [IPv6] }').networking['ipFamily'], 'ipv6');
  t.is(configOf('network: { families: [IPv4] }').networking['ipFamily'], 'ipv4');
});

test("kind's own network is left out for every other", (t) => {
  t.is(configOf('cni: { name: kindnet }').networking['disableDefaultCNI'], false);
  t.is(configOf('cni: { name: bridge }').networking['disableDefaultCNI'], true);
});

test('a node for each machine, all of one image', (t) => {
  const { nodes } = configOf('nodes: { controlPlanes: 1, workers: 2 }');
  t.deepEqual(
    nodes.map(({ role }) => role),
    ['control-plane', 'worker', 'worker'],
  );
  t.is(new Set(nodes.map(({ image }) => image)).size, 1);
});

test('extra arguments are lists from Kubernetes 1.36 on and maps before, and keep what kind gives', (t) => {
  t.true(takesLists('1.36.0'));
  t.false(takesLists('1.35.4'));
  const extra = 'extraArgs: { controllerManager: { v: "4" }, kubelet: { v: "2" } }';
  const lists = configOf(extra);
  const listed = patchOf(lists, 'ClusterConfiguration')['controllerManager']?.['extraArgs'];
  t.like(listed, { 0: { name: 'enable-hostpath-provisioner', value: 'true' } });
  t.true((listed as { name: string }[]).some(({ name }) => name === 'v'));
  t.like(lists.kubeadmConfigPatchesJSON6902?.[0], { version: 'v1beta4', kind: 'InitConfiguration' });
  t.deepEqual(parse(lists.kubeadmConfigPatchesJSON6902?.[0]?.patch ?? ''), [
    { op: 'add', path: '/nodeRegistration/kubeletExtraArgs/-', value: { name: 'v', value: '2' } },
  ]);
  const maps = configOf(`distribution: { name: kubeadm, version: 1.35.4 }\n${extra}`);
  t.like(patchOf(maps, 'ClusterConfiguration')['controllerManager']?.['extraArgs'], {
    'enable-hostpath-provisioner': 'true',
    v: '4',
  });
  t.deepEqual(parse(maps.kubeadmConfigPatchesJSON6902?.[1]?.patch ?? ''), [
    { op: 'add', path: '/nodeRegistration/kubeletExtraArgs/v', value: '2' },
  ]);
  t.like(maps.kubeadmConfigPatchesJSON6902?.[1], { version: 'v1beta3', kind: 'JoinConfiguration' });
});

test("nodes' masks and feature gates reach the components", (t) => {
  const config = configOf(
    'network: { nodeMasks: { ipv4: 25, ipv6: 118 } }\nfeatureGates: { AllAlpha: true }',
  );
  const args = patchOf(config, 'ClusterConfiguration')['controllerManager']?.['extraArgs'] as {
    name: string;
    value: string;
  }[];
  const valueOf = (name: string): string | undefined => args.find((arg) => arg.name === name)?.value;
  t.is(valueOf('node-cidr-mask-size-ipv4'), '25');
  t.is(valueOf('feature-gates'), 'AllAlpha=true');
  t.deepEqual(config.featureGates, { AllAlpha: true });
});
