import test from 'ava';
import { parse } from 'yaml';
import {
  configWithFiles,
  createArguments,
  kindEnvironment,
  leaseArguments,
  networkArguments,
} from '../../../../src/providers/kind/kind-requests.ts';
import { decodeLease } from '../../../../src/run/lease.ts';
import { sampleOwner } from '../../../support/owner.ts';
import type { NodeNetworkRange, ResourceSpec } from '../../../../src/providers/provider.ts';

const OWNER = sampleOwner('k7f3q2');
const V4: NodeNetworkRange = { family: 'IPv4', cidr: '172.30.1.0/24', gateway: '172.30.1.1' };
const V6: NodeNetworkRange = { family: 'IPv6', cidr: 'fd42:1:1::/64', gateway: 'fd42:1:1::1' };

type NetworkSpec = Extract<ResourceSpec, { kind: 'network' }>;
const network = (
  ranges: readonly NodeNetworkRange[],
  egress: 'open' | 'blocked' = 'blocked',
): NetworkSpec => ({
  kind: 'network',
  name: 'ts-k7f3q2',
  ranges,
  egress,
  acl: null,
});

for (const { title, ranges, ipv6, subnets } of [
  {
    title: 'both families',
    ranges: [V4, V6],
    ipv6: true,
    subnets: '--subnet 172.30.1.0/24 --gateway 172.30.1.1 --subnet fd42:1:1::/64 --gateway fd42:1:1::1',
  },
  { title: 'IPv4 alone', ranges: [V4], ipv6: false, subnets: '--subnet 172.30.1.0/24 --gateway 172.30.1.1' },
  { title: 'IPv6 alone', ranges: [V6], ipv6: true, subnets: '--subnet fd42:1:1::/64 --gateway fd42:1:1::1' },
]) {
  test(`a network of ${title}`, (t) => {
    const args = networkArguments(network(ranges), OWNER);
    t.is(args.includes('--ipv6'), ipv6);
    t.true(args.join(' ').endsWith(`${subnets} ts-k7f3q2`), args.join(' '));
    t.true(
      args.includes('com.docker.network.bridge.name=ts-k7f3q2'),
      'its bridge has a name that rules can say',
    );
  });
}

for (const { egress, masquerade } of [
  { egress: 'open', masquerade: 'true' },
  { egress: 'blocked', masquerade: 'false' },
] as const) {
  test(`egress ${egress}: masquerade is ${masquerade}`, (t) => {
    const option = `com.docker.network.bridge.enable_ip_masquerade=${masquerade}`;
    t.true(networkArguments(network([V4, V6], egress), OWNER).includes(option));
  });
}

test('network and lease carry the run and its lease in labels that can be read again', (t) => {
  for (const args of [networkArguments(network([V4]), OWNER), leaseArguments('ts-k7f3q2', OWNER)]) {
    const values = args.flatMap((arg, index) => (args[index - 1] === '--label' ? [arg] : []));
    t.is(values[0], 'twinstack.run=k7f3q2');
    t.deepEqual(decodeLease(values[1]?.replace('twinstack.lease=', '') ?? ''), OWNER.lease);
    t.is(args.at(-1), 'ts-k7f3q2');
  }
});

test('a cluster has a kubeconfig of its own, and stays for the diagnostics when it fails', (t) => {
  t.is(
    createArguments({ name: 'ts-k7f3q2' }, '/state/k7f3q2/kind/kubeconfig').join(' '),
    'create cluster --name ts-k7f3q2 --config - --kubeconfig /state/k7f3q2/kind/kubeconfig --retain',
  );
});

test('kind is told engine and network, for both engines', (t) => {
  t.deepEqual(kindEnvironment('podman', 'ts-k7f3q2'), {
    KIND_EXPERIMENTAL_PROVIDER: 'podman',
    KIND_EXPERIMENTAL_DOCKER_NETWORK: 'ts-k7f3q2',
    KIND_EXPERIMENTAL_PODMAN_NETWORK: 'ts-k7f3q2',
  });
});

const CONFIG =
  'kind: Cluster\nnetworking:\n  ipFamily: dual\nnodes:\n- role: control-plane\n- role: worker\n';

test('the folder of files is mounted into every node, read-only, and nothing else changes', (t) => {
  const mount = { hostPath: '/run/files', containerPath: '/etc/twinstack/cluster', readOnly: true };
  t.deepEqual(parse(configWithFiles(CONFIG, '/run/files')), {
    kind: 'Cluster',
    networking: { ipFamily: 'dual' },
    nodes: [
      { role: 'control-plane', extraMounts: [mount] },
      { role: 'worker', extraMounts: [mount] },
    ],
  });
});

test('without files the configuration is what it was', (t) => {
  t.is(configWithFiles(CONFIG, null), CONFIG);
});
