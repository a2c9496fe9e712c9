import { randomBytes, randomInt } from 'node:crypto';
import { gatewayAddress, nodeAddress } from '../../../src/network/node-addresses.ts';
import type {
  ClusterSpec,
  EngineResourceSpec as ResourceSpec,
  NodeNetworkRange,
  ResourceKind,
} from '../../../src/providers/provider.ts';

type SpecOf<Kind extends ResourceSpec['kind']> = Extract<ResourceSpec, { kind: Kind }>;

/** What a small run of LXD or Incus creates, in the order of creation: an ACL, a network, a profile, and the nodes. */
export type ContainerRun = readonly [
  SpecOf<'network-acl'>,
  SpecOf<'network'>,
  SpecOf<'profile'>,
  SpecOf<'instance'>,
  ...SpecOf<'instance'>[],
];

/** A /24 of RFC 2544's benchmark range and a random unique local /64: not what a run chooses, so never in a run's way. */
export function randomRanges(): NodeNetworkRange[] {
  const ipv4 = `198.${18 + randomInt(2)}.${randomInt(256)}.0/24`;
  const ipv6 = `fd00:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::/64`;
  // An all-zero group is written shorter, and `:0abc` without its zero.
  const plain = ipv6.replace(/:0+(?=[0-9a-f])/g, ':');
  return [
    { family: 'IPv4', cidr: ipv4, gateway: gatewayAddress(ipv4) },
    { family: 'IPv6', cidr: plain, gateway: gatewayAddress(plain) },
  ];
}

/** Objects of a run with blocked egress, whose nodes are system containers. */
export function containerRun(
  runId: string,
  engine: { readonly image: string; readonly pool: string },
  nodes = 1,
): ContainerRun {
  const name = `ts-${runId}`;
  const ranges = randomRanges();
  const nodeOf = (index: number): SpecOf<'instance'> => ({
    kind: 'instance',
    name: index === 0 ? `${name}-control-plane-1` : `${name}-worker-${index}`,
    role: index === 0 ? 'control-plane' : 'worker',
    profile: name,
    image: engine.image,
    addresses: ranges.map(({ cidr }) => `${nodeAddress(cidr, index)}/${cidr.split('/')[1]}`),
    gateways: ranges.map(({ gateway }) => gateway),
    hosts: [],
    cloudInit: null,
  });
  return [
    { kind: 'network-acl', name },
    { kind: 'network', name, ranges, egress: 'blocked', acl: name },
    { kind: 'profile', name, network: name, pool: engine.pool, cgroupVersion: 1, snap: null },
    nodeOf(0),
    ...Array.from({ length: nodes - 1 }, (_, index) => nodeOf(index + 1)),
  ];
}

/** A run of one node with what tests ask of it. */
export function planOf(
  runId: string,
  engine: { readonly image: string; readonly pool: string },
): { specs: ContainerRun; ranges: readonly NodeNetworkRange[]; nameOf(kind: ResourceKind): string } {
  const specs = containerRun(runId, engine);
  const [, network, , instance] = specs;
  return {
    specs,
    ranges: network.ranges,
    nameOf: (kind) => (kind === 'instance' ? instance.name : network.name),
  };
}

/** The same object, resting on one that is not there: what an engine of Linux containers refuses. */
export function unfounded(spec: ResourceSpec | ClusterSpec): ResourceSpec | ClusterSpec | null {
  switch (spec.kind) {
    case 'network':
      return { ...spec, acl: `${spec.name}-missing` };
    case 'profile':
      return { ...spec, network: 'ts-missing' };
    case 'instance':
      return { ...spec, profile: `${spec.profile}-missing` };
    case 'cluster':
      return { ...spec, network: 'ts-missing' };
    default:
      return null;
  }
}

/** What a small run of a provider that makes clusters creates: a network, and all nodes in one. */
export function clusterRun(
  runId: string,
  nodes: number,
  image = '',
): readonly [SpecOf<'network'>, ClusterSpec] {
  const name = `ts-${runId}`;
  const workers = Array.from(
    { length: nodes - 1 },
    (_, index) => `${name}-worker${index === 0 ? '' : index + 1}`,
  );
  return [
    { kind: 'network', name, ranges: randomRanges(), egress: 'blocked', acl: null },
    {
      kind: 'cluster',
      name,
      network: name,
      // As JSON, which YAML is a superset of.
      config: JSON.stringify(kindConfigOf(image, nodes)),
      nodes: [
        { name: `${name}-control-plane`, role: 'control-plane' },
        ...workers.map((worker) => ({ name: worker, role: 'worker' as const })),
      ],
      files: [],
    },
  ];
}

/** A cluster for kind with nothing in it that takes time. */
function kindConfigOf(image: string, nodes: number): object {
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: { ipFamily: 'dual', disableDefaultCNI: true },
    nodes: Array.from({ length: nodes }, (_, index) => ({
      role: index === 0 ? 'control-plane' : 'worker',
      image,
    })),
  };
}
