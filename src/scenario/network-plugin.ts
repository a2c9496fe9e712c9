import { CAPABILITIES } from './provider-capabilities.ts';
import type { CalicoChoices, CniMode, CniName, Scenario } from './scenario.ts';
import type { WrittenScenario } from './schema.ts';

/** What a network plugin is chosen by. */
type Written = Pick<WrittenScenario, 'cni' | 'distribution' | 'provider'>;

/** What carries pods' traffic where the file names nothing: kind brings its own, k0s brings kube-router, and kubeadm nothing. */
export function cniNameOf({ cni, distribution, provider }: Written): CniName {
  const ofProvider = provider === 'auto' ? null : CAPABILITIES[provider].ownNetwork;
  return cni.name ?? ofProvider ?? (distribution.name === 'k0s' ? 'kube-router' : 'bridge');
}

/** The modes of each plugin that has some; the first is its own default. */
export const MODES_OF: Readonly<Partial<Record<CniName, readonly [CniMode, ...CniMode[]]>>> = {
  calico: ['vxlan', 'bird'],
  flannel: ['vxlan', 'host-gw'],
};

/** Calico's own defaults: 64 addresses a block in both families. */
export const DEFAULT_BLOCK_SIZES = { ipv4: 26, ipv6: 122 } as const;

/**
 * The address that the cluster knows a node by. Calico's own default, first-found, may take the address of an interface that another
 * program has made.
 */
const DEFAULT_AUTODETECTION = 'kubernetes-internal-ip';

/** The mode in which a plugin will work; null for one that has none to choose. */
export function cniModeOf(written: Written): CniMode | null {
  return written.cni.mode ?? MODES_OF[cniNameOf(written)]?.[0] ?? null;
}

function calicoOf(
  { blockSizes, natOutgoing, autodetection, overlay }: WrittenScenario['cni'],
  mode: CniMode | null,
): CalicoChoices {
  return {
    blockSizes: {
      IPv4: blockSizes.ipv4 ?? DEFAULT_BLOCK_SIZES.ipv4,
      IPv6: blockSizes.ipv6 ?? DEFAULT_BLOCK_SIZES.ipv6,
    },
    natOutgoing: natOutgoing ?? true,
    autodetection: {
      IPv4: autodetection.ipv4 ?? DEFAULT_AUTODETECTION,
      IPv6: autodetection.ipv6 ?? DEFAULT_AUTODETECTION,
    },
    // Nodes share one segment, and there is no IPIP for IPv6: without it both families go the same way, and no module is needed.
    overlay: mode === 'bird' ? (overlay ?? 'Never') : null,
  };
}

/** The network plugin with its defaults. */
export function cniOf(written: Written): Scenario['cni'] {
  const { manifest, chart } = written.cni;
  // Canonical Kubernetes leaves no choice.
  if (written.distribution.name === 'k8s-snap') return { name: 'distribution', mode: null, manifest: null };
  const name = cniNameOf(written);
  const mode = cniModeOf(written);
  return {
    name,
    mode,
    manifest: manifest ?? null,
    ...(chart === undefined ? {} : { chart }),
    ...(name === 'calico' ? { calico: calicoOf(written.cni, mode) } : {}),
  };
}
