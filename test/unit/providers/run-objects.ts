import { randomBytes, randomInt } from 'node:crypto';
import { gatewayAddress, nodeAddress } from '../../../src/network/node-addresses.ts';
import type {
  EngineResourceSpec as ResourceSpec,
  NodeNetworkRange,
  ResourceKind,
} from '../../../src/providers/provider.ts';

/** One object of each kind, in the order in which they use each other. */
export interface RunObjects {
  readonly specs: readonly [ResourceSpec, ResourceSpec, ResourceSpec, ResourceSpec];
  readonly ranges: readonly NodeNetworkRange[];
  nameOf(kind: ResourceKind): string;
}

/** A /24 of RFC 2544's benchmark range and a random unique local /64: not what a run chooses, so never in a run's way. */
function randomRanges(): NodeNetworkRange[] {
  const ipv4 = `198.${18 + randomInt(2)}.${randomInt(256)}.0/24`;
  const ipv6 = `fd00:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::/64`;
  // An all-zero group is written shorter, and `:0abc` without its zero.
  const plain = ipv6.replace(/:0+(?=[0-9a-f])/g, ':');
  return [
    { family: 'IPv4', cidr: ipv4, gateway: gatewayAddress(ipv4) },
    { family: 'IPv6', cidr: plain, gateway: gatewayAddress(plain) },
  ];
}

/** What a small run with blocked egress creates. */
export function planOf(runId: string, engine: { readonly image: string; readonly pool: string }): RunObjects {
  const name = `ts-${runId}`;
  const instance = `${name}-control-plane-1`;
  const ranges = randomRanges();
  return {
    ranges,
    nameOf: (kind) => (kind === 'instance' ? instance : name),
    specs: [
      { kind: 'network-acl', name },
      { kind: 'network', name, ranges, egress: 'blocked', acl: name },
      { kind: 'profile', name, network: name, pool: engine.pool, cgroupVersion: 1, snap: null },
      {
        kind: 'instance',
        name: instance,
        role: 'control-plane',
        profile: name,
        image: engine.image,
        addresses: ranges.map(({ cidr }) => `${nodeAddress(cidr, 0)}/${cidr.split('/')[1]}`),
        gateways: ranges.map(({ gateway }) => gateway),
        hosts: [],
        cloudInit: null,
      },
    ],
  };
}
