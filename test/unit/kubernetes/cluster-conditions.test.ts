import type { V1EndpointSlice, V1Node, V1Pod } from '@kubernetes/client-node';
import test from 'ava';
import {
  lookForNodeAddresses,
  lookForPodCIDRs,
  lookForReadyEndpoints,
  lookForReadyNodes,
  lookForReadyPods,
} from '../../../src/kubernetes/cluster-conditions.ts';

const node = (name: string, podCIDRs: string[], ready?: string, message?: string): V1Node => ({
  metadata: { name },
  spec: { podCIDRs },
  status: {
    conditions:
      ready === undefined
        ? []
        : [{ type: 'Ready', status: ready, ...(message === undefined ? {} : { message }) }],
  },
});
const BOTH = ['IPv4', 'IPv6'] as const;

test('pod ranges become values, whatever their order', (t) => {
  const seen = lookForPodCIDRs([node('a', ['fd01::/117', '10.1.0.0/24'])], ['a'], BOTH);
  t.deepEqual(seen, {
    met: true,
    value: new Map([
      ['podCIDR.a.IPv4', '10.1.0.0/24'],
      ['podCIDR.a.IPv6', 'fd01::/117'],
    ]),
  });
});

test('a node that lacks one family, and one that is not there, are named', (t) => {
  const seen = lookForPodCIDRs([node('a', ['10.1.0.0/24'])], ['a', 'b'], BOTH);
  t.deepEqual(seen, {
    met: false,
    missing: 'a has no IPv6 pod range; b has no IPv4 pod range; b has no IPv6 pod range',
  });
});

for (const { title, nodes, missing } of [
  { title: 'every node is Ready', nodes: [node('a', [], 'True')], missing: null },
  {
    title: 'a node says why it is not',
    nodes: [node('a', [], 'False', 'cni plugin not initialized')],
    missing: 'a is not Ready: cni plugin not initialized',
  },
  {
    title: 'a node has not said anything',
    nodes: [node('a', [])],
    missing: 'a is not Ready: it has not said why',
  },
  { title: 'a node is not registered', nodes: [], missing: 'a is not registered' },
]) {
  test(title, (t) => {
    const seen = lookForReadyNodes(nodes, ['a']);
    t.is(seen.met ? null : seen.missing, missing);
  });
}

const slice = (addressType: string, ready: boolean | undefined, address: string): V1EndpointSlice => ({
  addressType,
  endpoints: [{ addresses: [address], conditions: ready === undefined ? {} : { ready } }],
});

for (const { title, slices, missing } of [
  {
    title: 'both families',
    slices: [slice('IPv4', true, '10.1.0.5'), slice('IPv6', true, 'fd01::5')],
    missing: null,
  },
  {
    title: 'IPv6 is not ready',
    slices: [slice('IPv4', true, '10.1.0.5'), slice('IPv6', false, 'fd01::5')],
    missing: 'no ready endpoint for IPv6',
  },
  {
    title: 'readiness is unknown',
    slices: [slice('IPv4', undefined, '10.1.0.5')],
    missing: 'no ready endpoint for IPv4 and IPv6',
  },
  { title: 'there is no slice', slices: [], missing: 'no ready endpoint for IPv4 and IPv6' },
]) {
  test(`endpoints: ${title}`, (t) => {
    const seen = lookForReadyEndpoints(slices, BOTH);
    t.is(seen.met ? null : seen.missing, missing);
  });
}

const pod = (status: V1Pod['status'] | null): V1Pod => ({
  metadata: { namespace: 'default', name: 'p' },
  ...(status === null || status === undefined ? {} : { status }),
});
const waiting = {
  containerStatuses: [
    {
      name: 'c',
      image: 'i',
      imageID: '',
      ready: false,
      restartCount: 3,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
    },
  ],
};

for (const { title, pods, missing } of [
  {
    title: 'Ready',
    pods: [pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] })],
    missing: null,
  },
  { title: 'done', pods: [pod({ phase: 'Succeeded' })], missing: null },
  {
    title: 'running and not Ready',
    pods: [pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] })],
    missing: 'default/p is Running',
  },
  {
    title: 'with a reason',
    pods: [pod({ phase: 'Running', ...waiting })],
    missing: 'default/p is CrashLoopBackOff',
  },
  { title: 'failed', pods: [pod({ phase: 'Failed' })], missing: 'default/p is Failed' },
  { title: 'without a status', pods: [pod(null)], missing: 'default/p is unknown' },
  { title: 'none at all', pods: [], missing: 'there are no pods' },
]) {
  test(`pods: ${title}`, (t) => {
    const seen = lookForReadyPods(pods);
    t.is(seen.met ? null : seen.missing, missing);
  });
}

const addressed = (name: string, ...addresses: [type: string, address: string][]): V1Node => ({
  metadata: { name },
  status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
});
const HOSTNAME: [string, string] = ['Hostname', 'a'];

test('addresses become values, whatever their order', (t) => {
  const nodes = [addressed('a', HOSTNAME, ['InternalIP', 'fd42::2'], ['InternalIP', '172.30.1.2'])];
  t.deepEqual(lookForNodeAddresses(nodes, ['a'], BOTH), {
    met: true,
    value: new Map([
      ['address.a.IPv4', '172.30.1.2'],
      ['address.a.IPv6', 'fd42::2'],
    ]),
  });
});

for (const { title, nodes, missing } of [
  {
    title: 'a family is missing',
    nodes: [addressed('a', ['InternalIP', '172.30.1.2'])],
    missing: 'a has no IPv6 InternalIP',
  },
  {
    title: 'an address of another type is none of the node network',
    nodes: [addressed('a', ['InternalIP', '172.30.1.2'], ['ExternalIP', 'fd42::2'])],
    missing: 'a has no IPv6 InternalIP',
  },
  {
    title: 'a node is not registered',
    nodes: [],
    missing: 'a has no IPv4 InternalIP; a has no IPv6 InternalIP',
  },
]) {
  test(`node addresses: ${title}`, (t) => {
    t.deepEqual(lookForNodeAddresses(nodes, ['a'], BOTH), { met: false, missing });
  });
}

test('one family that is asked for is enough', (t) => {
  t.true(lookForNodeAddresses([addressed('a', ['InternalIP', 'fd42::2'])], ['a'], ['IPv6']).met);
});
