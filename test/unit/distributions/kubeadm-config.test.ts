import test from 'ava';
import { parseAllDocuments } from 'yaml';
import { fileOf, samplePlan } from '../../support/sample-plan.ts';
import {
  IPV4_ONLY,
  IPV6_ONLY,
  IPV6_PRIMARY,
  sampleScenario,
  THREE_NODES,
} from '../../support/sample-scenario.ts';
import { SUPPORTED_KUBERNETES_VERSIONS } from '../../../src/scenario/supported-versions.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

type Document = Record<string, unknown> & { kind: string };
type Args = { name: string; value: string }[];

/** The documents of kubeadm's file on a node, by kind. */
function configOf(change: Partial<Scenario>, node = 'control-plane-1'): Record<string, Document> {
  const file = fileOf(samplePlan(sampleScenario(change)), node, '/etc/twinstack/kubeadm.yaml');
  const documents = parseAllDocuments(file.content).map((document) => document.toJS() as Document);
  return Object.fromEntries(documents.map((document) => [document.kind, document]));
}

function argsOf(config: Record<string, Document>, component: string): Record<string, string> {
  const cluster = config.ClusterConfiguration as unknown as Record<string, { extraArgs: Args }>;
  const list =
    component === 'etcd'
      ? (cluster.etcd as unknown as { local: { extraArgs: Args } }).local
      : cluster[component];
  return Object.fromEntries((list?.extraArgs ?? []).map(({ name, value }) => [name, value]));
}

function kubeletArgs(document: Document | undefined): Record<string, string> {
  const { kubeletExtraArgs } = document?.nodeRegistration as { kubeletExtraArgs: Args };
  return Object.fromEntries(kubeletExtraArgs.map(({ name, value }) => [name, value]));
}

for (const { title, change, podSubnet, serviceSubnet, masks, nodeIP, advertise } of [
  {
    title: 'dual-stack',
    change: {},
    podSubnet: '10.1.0.0/16,fd01::/108',
    serviceSubnet: '10.152.183.0/24,fd98::/108',
    masks: { 'node-cidr-mask-size-ipv4': '24', 'node-cidr-mask-size-ipv6': '117' },
    nodeIP: '198.51.100.11,2001:db8:88::11',
    advertise: '198.51.100.11',
  },
  {
    title: 'IPv6 primary',
    change: IPV6_PRIMARY,
    podSubnet: 'fd01::/108,10.1.0.0/16',
    serviceSubnet: 'fd98::/108,10.152.183.0/24',
    masks: { 'node-cidr-mask-size-ipv4': '24', 'node-cidr-mask-size-ipv6': '117' },
    nodeIP: '2001:db8:88::11,198.51.100.11',
    advertise: '2001:db8:88::11',
  },
  {
    title: 'IPv4 only',
    change: IPV4_ONLY,
    podSubnet: '10.1.0.0/16',
    serviceSubnet: '10.152.183.0/24',
    masks: { 'node-cidr-mask-size': '24' },
    nodeIP: '198.51.100.11',
    advertise: '198.51.100.11',
  },
  {
    title: 'IPv6 only',
    change: IPV6_ONLY,
    podSubnet: 'fd01::/108',
    serviceSubnet: 'fd98::/108',
    masks: { 'node-cidr-mask-size-ipv6': '117' },
    nodeIP: '2001:db8:88::11',
    advertise: '2001:db8:88::11',
  },
]) {
  test(`${title}: ranges, masks and addresses in the primary family's order`, (t) => {
    const config = configOf(change);
    t.deepEqual(config.ClusterConfiguration?.networking, { podSubnet, serviceSubnet });
    const managerArgs = Object.entries(argsOf(config, 'controllerManager'));
    t.deepEqual(Object.fromEntries(managerArgs.filter(([name]) => name.startsWith('node-cidr-mask'))), masks);
    t.is(kubeletArgs(config.InitConfiguration)['node-ip'], nodeIP);
    t.deepEqual(config.ClusterConfiguration?.apiServer, { extraArgs: [], certSANs: nodeIP.split(',') });
    t.like(config.InitConfiguration, { localAPIEndpoint: { advertiseAddress: advertise } });
  });
}

test('feature gates reach each component that knows them, and kubelet and kube-proxy in their own way', (t) => {
  const config = configOf({ featureGates: { One: true, Two: false } });
  for (const component of ['apiServer', 'controllerManager', 'scheduler']) {
    t.is(argsOf(config, component)['feature-gates'], 'One=true,Two=false', component);
  }
  t.false('feature-gates' in argsOf(config, 'etcd'));
  t.deepEqual(config.KubeletConfiguration?.featureGates, { One: true, Two: false });
  t.deepEqual(config.KubeProxyConfiguration?.featureGates, { One: true, Two: false });
});

test('without gates no component has the flag', (t) => {
  for (const component of ['apiServer', 'controllerManager', 'scheduler', 'etcd']) {
    t.false('feature-gates' in argsOf(configOf({}), component), component);
  }
});

test('extra arguments reach their component alone and win over ours', (t) => {
  const extraArgs = {
    apiServer: { v: '4' },
    controllerManager: { 'kube-api-qps': '20' },
    scheduler: { v: '5' },
    etcd: { 'quota-backend-bytes': '1' },
    kubelet: { 'max-pods': '9' },
  };
  const config = configOf({ extraArgs });
  for (const component of ['apiServer', 'controllerManager', 'scheduler', 'etcd'] as const) {
    t.like(argsOf(config, component), extraArgs[component]);
  }
  t.like(kubeletArgs(config.InitConfiguration), {
    'max-pods': '9',
    'node-ip': '198.51.100.11,2001:db8:88::11',
  });
});

test('every supported minor is one whose sources were read for the tests below', (t) => {
  const minors = SUPPORTED_KUBERNETES_VERSIONS.map((version) => version.split('.').slice(0, 2).join('.'));
  t.deepEqual([...new Set(minors)].sort(), ['1.34', '1.35', '1.36']);
});

for (const version of SUPPORTED_KUBERNETES_VERSIONS) {
  test(`kubeadm ${version} is given what it knows`, (t) => {
    const config = configOf({ ...THREE_NODES, distribution: { name: 'kubeadm', version } });
    const join = configOf({ ...THREE_NODES, distribution: { name: 'kubeadm', version } }, 'worker-1');
    // v1beta4 is in kubeadm since 1.31 and the newest up to 1.36.
    for (const document of [config.InitConfiguration, config.ClusterConfiguration, join.JoinConfiguration]) {
      t.is(document?.apiVersion, 'kubeadm.k8s.io/v1beta4');
    }
    t.is(config.ClusterConfiguration?.kubernetesVersion, `v${version}`);
    // Written for all: the field is there since 1.31, and from 1.35 the kubelet refuses a host with cgroup v1 by default.
    t.is(config.KubeletConfiguration?.apiVersion, 'kubelet.config.k8s.io/v1beta1');
    t.is(config.KubeletConfiguration?.failCgroupV1, false);
    // nftables is kube-proxy's stable mode since 1.33; without a word it would take iptables in all of them.
    t.is(config.KubeProxyConfiguration?.apiVersion, 'kubeproxy.config.k8s.io/v1alpha1');
    t.is(config.KubeProxyConfiguration?.mode, 'nftables');
    // Gates come and go with each minor, so none is set that the scenario does not ask for.
    t.deepEqual(config.KubeletConfiguration?.featureGates, {});
    t.deepEqual(config.KubeProxyConfiguration?.featureGates, {});
    t.false('featureGates' in (config.ClusterConfiguration ?? {}));
    t.like(argsOf(config, 'etcd'), { 'unsafe-no-fsync': 'true' });
  });
}

for (const mode of ['nftables', 'iptables'] as const) {
  test(`kube-proxy runs in mode ${mode}`, (t) => {
    t.is(configOf({ kubeProxy: { mode } }).KubeProxyConfiguration?.mode, mode);
  });
}

for (const { title, change, endpoint, nodeIP } of [
  { title: 'IPv4', change: {}, endpoint: '198.51.100.11:6443', nodeIP: '198.51.100.13,2001:db8:88::13' },
  {
    title: 'IPv6',
    change: IPV6_PRIMARY,
    endpoint: '[2001:db8:88::11]:6443',
    nodeIP: '2001:db8:88::13,198.51.100.13',
  },
]) {
  test(`a worker joins the primary ${title} address under its own name`, (t) => {
    const { JoinConfiguration } = configOf({ ...THREE_NODES, ...change }, 'worker-2');
    t.like(JoinConfiguration, { discovery: { bootstrapToken: { apiServerEndpoint: endpoint } } });
    t.like(JoinConfiguration?.nodeRegistration, { name: 'ts-k7f3q2-worker-2' });
    t.is(kubeletArgs(JoinConfiguration)['node-ip'], nodeIP);
  });
}

test('files with the token are for root alone', (t) => {
  for (const node of ['control-plane-1', 'worker-1']) {
    const file = fileOf(samplePlan(sampleScenario(THREE_NODES)), node, '/etc/twinstack/kubeadm.yaml');
    t.true(file.content.includes('{{secret.bootstrapToken}}'));
    t.is(file.mode, 0o600);
  }
});
