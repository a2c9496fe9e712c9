import type { IPFamily, Scenario } from '../scenario/scenario.ts';

/** The values of Cilium's Helm chart that a scenario decides, by the chart's own names. */
export interface CiliumValues {
  readonly ipv4: { readonly enabled: boolean };
  readonly ipv6: { readonly enabled: boolean };
  readonly ipam: {
    readonly mode: 'cluster-pool';
    readonly operator: Readonly<
      Partial<
        Record<'clusterPoolIPv4PodCIDRList' | 'clusterPoolIPv6PodCIDRList', readonly string[]> &
          Record<'clusterPoolIPv4MaskSize' | 'clusterPoolIPv6MaskSize', number>
      >
    >;
  };
  readonly routingMode: 'native';
  readonly autoDirectNodeRoutes: true;
  readonly ipv4NativeRoutingCIDR?: string;
  readonly ipv6NativeRoutingCIDR?: string;
  readonly enableIPv4Masquerade: boolean;
  readonly enableIPv6Masquerade: boolean;
  readonly bpf: { readonly masquerade: false };
  readonly kubeProxyReplacement: false;
  readonly operator: { readonly replicas: 1 };
}

/** A family's pod range and the share of it that a node gets. */
export interface CiliumPool {
  readonly family: IPFamily;
  readonly cidr: string;
  readonly maskSize: number;
}

/** The pools of Cilium's IPAM in mode cluster-pool: one for each family asked for. */
export function ciliumPools({ network }: Pick<Scenario, 'network'>): CiliumPool[] {
  return network.families.map((family, index) => {
    const cidr = network.pods[index];
    const maskSize = network.nodeMasks[family];
    if (cidr === undefined || maskSize === null)
      throw new Error(`the scenario has no pod range for ${family}`);
    return { family, cidr, maskSize };
  });
}

/**
 * What Cilium's chart is rendered with, as its Helm reference names it. Nodes share one segment: routes instead of tunnels work for both
 * families alike, also for IPv6 alone, and let a server see the pod's own address.
 */
export function ciliumValues(scenario: Pick<Scenario, 'network'>): CiliumValues {
  const pools = ciliumPools(scenario);
  const ipv4 = pools.find(({ family }) => family === 'IPv4');
  const ipv6 = pools.find(({ family }) => family === 'IPv6');
  return {
    ipv4: { enabled: ipv4 !== undefined },
    ipv6: { enabled: ipv6 !== undefined },
    ipam: {
      mode: 'cluster-pool',
      operator: {
        ...(ipv4 && { clusterPoolIPv4PodCIDRList: [ipv4.cidr], clusterPoolIPv4MaskSize: ipv4.maskSize }),
        ...(ipv6 && { clusterPoolIPv6PodCIDRList: [ipv6.cidr], clusterPoolIPv6MaskSize: ipv6.maskSize }),
      },
    },
    routingMode: 'native',
    autoDirectNodeRoutes: true,
    ...(ipv4 && { ipv4NativeRoutingCIDR: ipv4.cidr }),
    ...(ipv6 && { ipv6NativeRoutingCIDR: ipv6.cidr }),
    enableIPv4Masquerade: ipv4 !== undefined,
    enableIPv6Masquerade: ipv6 !== undefined,
    bpf: { masquerade: false },
    // kube-proxy is there, and what it does is what is proved.
    kubeProxyReplacement: false,
    // The chart's second replica wants a second node, and would stay Pending on one.
    operator: { replicas: 1 },
  };
}
