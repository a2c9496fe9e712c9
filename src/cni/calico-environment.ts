import { familyKey } from '../scenario/network-schema.ts';
import type { CalicoChoices, CalicoOverlay, IPFamily, Scenario } from '../scenario/scenario.ts';

/** A pod range as Calico's IPAM deals it out: the fields of an IPPool that a scenario decides. */
export interface CalicoPool {
  readonly family: IPFamily;
  readonly cidr: string;
  readonly blockSize: number;
  readonly ipipMode: CalicoOverlay;
  readonly vxlanMode: 'Always' | 'Never';
  readonly natOutgoing: boolean;
}

/** What a scenario has chosen of Calico. @throws where it is about another plugin. */
export function calicoChoicesOf({ cni }: Pick<Scenario, 'cni'>): CalicoChoices {
  if (cni.calico === undefined) throw new Error(`${cni.name} has no choices of calico`);
  return cni.calico;
}

/** One pool for each family asked for, in their order. There is no IPIP for IPv6. */
export function calicoPools(scenario: Pick<Scenario, 'cni' | 'network'>): CalicoPool[] {
  const { blockSizes, natOutgoing, overlay } = calicoChoicesOf(scenario);
  const vxlanMode = scenario.cni.mode === 'vxlan' ? 'Always' : 'Never';
  return scenario.network.families.map((family, index) => {
    const cidr = scenario.network.pods[index];
    if (cidr === undefined) throw new Error(`the scenario has no pod range for ${family}`);
    const ipipMode = family === 'IPv4' ? (overlay ?? 'Never') : 'Never';
    return { family, cidr, blockSize: blockSizes[family], ipipMode, vxlanMode, natOutgoing };
  });
}

/** The pool of a family as calico-node creates it at its first start. */
function poolVariables({
  family,
  cidr,
  blockSize,
  ipipMode,
  vxlanMode,
  natOutgoing,
}: CalicoPool): [string, string][] {
  const prefix = `CALICO_${family.toUpperCase()}POOL`;
  return [
    [`${prefix}_CIDR`, cidr],
    [`${prefix}_BLOCK_SIZE`, String(blockSize)],
    ...(family === 'IPv4' ? ([[`${prefix}_IPIP`, ipipMode]] satisfies [string, string][]) : []),
    [`${prefix}_VXLAN`, vxlanMode],
    [`${prefix}_NAT_OUTGOING`, String(natOutgoing)],
  ];
}

/** The pool that calico-node makes of a family that nobody asked for stays unused, and must not bring a tunnel up. */
function noTunnel(family: IPFamily): [string, string][] {
  const prefix = `CALICO_${family.toUpperCase()}POOL`;
  return [
    ...(family === 'IPv4' ? ([[`${prefix}_IPIP`, 'Never']] satisfies [string, string][]) : []),
    [`${prefix}_VXLAN`, 'Never'],
  ];
}

/**
 * What calico-node is told by its environment, as Calico's pages "Configure dual stack or IPv6 only" and "Configuring calico/node" have
 * it: pools of each family asked for, and how a node finds its addresses. k0s takes such variables as `calico.envVars`.
 */
export function calicoEnvironment(
  scenario: Pick<Scenario, 'cni' | 'network'>,
): Readonly<Record<string, string>> {
  const { autodetection } = calicoChoicesOf(scenario);
  const { families } = scenario.network;
  const pools = calicoPools(scenario);
  const addresses = (['IPv4', 'IPv6'] as const).flatMap((family): [string, string][] => {
    const name = familyKey(family) === 'ipv4' ? 'IP' : 'IP6';
    if (!families.includes(family)) return [[name, 'none'], ...noTunnel(family)];
    return [
      [name, 'autodetect'],
      [`${name}_AUTODETECTION_METHOD`, autodetection[family]],
    ];
  });
  return Object.fromEntries([
    ...addresses,
    // BGP's router id is an IPv4 address, and of such a node there is none.
    ...(families.includes('IPv4') ? [] : [['CALICO_ROUTER_ID', 'hash'] as const]),
    ['FELIX_IPV6SUPPORT', String(families.includes('IPv6'))],
    ...pools.flatMap(poolVariables),
  ]);
}
