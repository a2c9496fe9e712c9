import test from 'ava';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { scenarioNameOf } from '../../../src/scenario/normalize.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

function scenario(text: string, file = 'x.yaml'): Scenario {
  const { scenario: parsed, problems } = parseScenario(text, file);
  if (parsed === null) throw new Error(JSON.stringify(problems));
  return parsed;
}

test('a name is enough for a dual-stack cluster of one node', (t) => {
  t.deepEqual(scenario('name: quick'), {
    name: 'quick',
    description: '',
    provider: 'lxd',
    nodes: { controlPlanes: 1, workers: 0, controllerRole: null },
    network: {
      families: ['IPv4', 'IPv6'],
      primaryFamily: 'IPv4',
      pods: ['10.1.0.0/16', 'fd01::/108'],
      services: ['10.152.183.0/24', 'fd98::/108'],
      isWritten: { pods: false, services: false },
      nodeMasks: { IPv4: 24, IPv6: 117 },
      bridge: { IPv4: null, IPv6: null },
    },
    egress: 'open',
    image: null,
    images: [],
    binaries: {},
    distribution: { name: 'kubeadm', version: '1.36.3' },
    cni: { name: 'bridge', mode: null, manifest: null },
    bootstrap: 'file',
    dialogue: {
      mode: 'pipe',
      prompts: null,
      timeouts: { promptMs: 60_000, silenceMs: 30_000, endMs: 600_000 },
    },
    features: null,
    install: { from: 'preinstalled' },
    binary: null,
    kubeProxy: { mode: 'nftables' },
    featureGates: {},
    extraArgs: {},
    workloads: ['nginxdualstack'],
    tests: [],
    expect: 'passed',
    retries: 0,
    timeoutMs: 600_000,
  });
});

test('the file names a scenario that has no name', (t) => {
  t.is(scenario('egress: open', 'some/where/my-lab.yaml').name, 'my-lab');
  t.is(scenarioNameOf('C:\\labs\\my-lab.YML'), 'my-lab');
  t.is(scenarioNameOf('lab'), 'lab');
});

test('auto is LXD', (t) => {
  t.is(scenario('provider: auto').provider, 'lxd');
});

const IPV6_FIRST = ['IPv6', 'IPv4'];
const orders: readonly (readonly [
  network: string,
  families: readonly string[],
  pods: string,
  services: string,
])[] = [
  ['', ['IPv4', 'IPv6'], '10.1.0.0/16', '10.152.183.0/24'],
  ['primaryFamily: IPv6', IPV6_FIRST, 'fd01::/108', 'fd98::/108'],
  ['services: [fd98::/108, 10.152.183.0/24]', IPV6_FIRST, 'fd01::/108', 'fd98::/108'],
  ['pods: [fd01::/108, 10.1.0.0/16]', IPV6_FIRST, 'fd01::/108', 'fd98::/108'],
  ['families: [IPv6, IPv4]', IPV6_FIRST, 'fd01::/108', 'fd98::/108'],
  ['families: [IPv6, IPv4], primaryFamily: IPv4', ['IPv4', 'IPv6'], '10.1.0.0/16', '10.152.183.0/24'],
  ['families: [IPv4]', ['IPv4'], '10.1.0.0/16', '10.152.183.0/24'],
  ['families: [IPv6]', ['IPv6'], 'fd01::/108', 'fd98::/108'],
];

for (const [network, families, firstPods, firstServices] of orders) {
  test(`families come in order, primary first: ${network}`, (t) => {
    const normal = scenario(`network: { ${network} }`).network;
    t.deepEqual(normal.families, families);
    t.deepEqual([normal.primaryFamily], families.slice(0, 1));
    t.is(normal.pods[0], firstPods);
    t.is(normal.services[0], firstServices);
    t.is(normal.pods.length, families.length);
    t.is(normal.services.length, families.length);
  });
}

test('a family that is not asked for has no mask and no bridge', (t) => {
  const { network } = scenario('network: { families: [IPv4], bridge: { ipv4: 10.88.0.0/24 } }');
  t.deepEqual(network.nodeMasks, { IPv4: 24, IPv6: null });
  t.deepEqual(network.bridge, { IPv4: '10.88.0.0/24', IPv6: null });
});

const masks: readonly (readonly [pods: string, mask: number])[] = [
  ['fd01::/48', 64],
  ['fd01::/56', 64],
  ['fd01::/64', 64],
  ['fd01::/101', 117],
  ['fd01::/108', 117],
  ['fd01::/117', 117],
];

for (const [pods, mask] of masks) {
  test(`the node mask of ${pods} is ${mask} unless written`, (t) => {
    t.is(scenario(`network: { pods: [10.1.0.0/16, "${pods}"] }`).network.nodeMasks.IPv6, mask);
  });
}

test('written masks and ranges win, in normal form', (t) => {
  const { network } = scenario(
    'network: { pods: [10.1.0.0/16, "FD01:0::/80"], nodeMasks: { ipv4: 26, ipv6: 96 }, bridge: { ipv6: "FD42:0:0:0::/64" } }',
  );
  t.deepEqual(network.pods, ['10.1.0.0/16', 'fd01::/80']);
  t.deepEqual(network.nodeMasks, { IPv4: 26, IPv6: 96 });
  t.is(network.bridge.IPv6, 'fd42::/64');
});

const durations: readonly (readonly [text: string, milliseconds: number])[] = [
  ['1ms', 1],
  ['90s', 90_000],
  ['1.5h', 5_400_000],
  ['10m', 600_000],
];

for (const [text, milliseconds] of durations) {
  test(`a timeout of ${text} is ${milliseconds} ms`, (t) => {
    t.is(scenario(`timeout: ${text}`).timeoutMs, milliseconds);
  });
}

test('components without arguments are left out', (t) => {
  t.deepEqual(scenario('extraArgs: { apiServer: {}, etcd: { x: "" } }').extraArgs, { etcd: { x: '' } });
});

test('what k8s-snap is installed from: the image, a channel of the store, or snaps of this host', (t) => {
  const from = (text: string): Scenario['install'] =>
    scenario(`distribution: { name: k8s-snap }\n${text}`).install;
  t.deepEqual(from('binary: ./k8s'), { from: 'preinstalled' });
  t.deepEqual(from('install: 1.36-classic/stable'), { from: 'snap-store', channel: '1.36-classic/stable' });
  t.deepEqual(from('install: { snaps: [core22_1.snap, k8s_2.snap] }'), {
    from: 'snap-file',
    snaps: ['core22_1.snap', 'k8s_2.snap'],
    dangerous: false,
  });
});

test('what calico may be told, with its defaults', (t) => {
  const calico = (cni: string) => scenario(`cni: { name: calico, manifest: a.yaml, ${cni} }`).cni.calico;
  t.deepEqual(calico(''), {
    blockSizes: { IPv4: 26, IPv6: 122 },
    natOutgoing: true,
    autodetection: { IPv4: 'kubernetes-internal-ip', IPv6: 'kubernetes-internal-ip' },
    overlay: null,
  });
  t.is(calico('mode: bird')?.overlay, 'Never');
  t.deepEqual(
    calico(
      'mode: bird, overlay: Always, natOutgoing: false, blockSizes: { ipv6: 124 }, autodetection: { ipv4: interface=eth0 }',
    ),
    {
      blockSizes: { IPv4: 26, IPv6: 124 },
      natOutgoing: false,
      autodetection: { IPv4: 'interface=eth0', IPv6: 'kubernetes-internal-ip' },
      overlay: 'Always',
    },
  );
  t.is(scenario('cni: { name: bridge }').cni.calico, undefined);
});
