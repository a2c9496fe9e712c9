import type { ImageFormat } from '../images/node-image.ts';
import type { CniName, DistributionName, ProviderName } from './scenario.ts';

/** What is true of an engine, as data: rules, plans and documents ask for it, and nobody asks for a provider's name. */
export interface Capabilities {
  /**
   * `machines`: nodes one by one, which the steps of a distribution make a cluster of. `clusters`: the engine's own tool makes nodes and
   * bootstraps them in one go.
   */
  readonly makes: 'machines' | 'clusters';
  /** What a node is, for readers. */
  readonly node: string;
  /** Of the node images of ours that nodes are made of. */
  readonly imageFormat: ImageFormat;
  readonly distributions: readonly DistributionName[];
  /** The network that it brings itself and that a scenario has where it names none; null where the distribution decides. */
  readonly ownNetwork: CniName | null;
  /** Who can keep a node network from reaching anything else: the engine for every user of it, or only root by the host's firewall. */
  readonly blocksEgress: 'engine' | 'root';
  /** The plan gives nodes their addresses; else the engine does, and they are known once nodes are there. */
  readonly choosesAddresses: boolean;
  /** Nodes may be made of the engine's images, as `REMOTE:ALIAS`. */
  readonly foreignImages: boolean;
  /** It lends a machine to a user without root, in which a node image can be built. */
  readonly buildsImages: boolean;
  readonly freezes: boolean;
  readonly snapshots: boolean;
}

/** LXD's and Incus' alike. */
const SYSTEM_CONTAINERS: Capabilities = {
  makes: 'machines',
  node: 'a privileged system container',
  imageFormat: 'system-container',
  distributions: ['kubeadm', 'k0s', 'k8s-snap'],
  ownNetwork: null,
  blocksEgress: 'engine',
  choosesAddresses: true,
  foreignImages: true,
  buildsImages: true,
  freezes: true,
  snapshots: true,
};

/** Each provider's. */
export const CAPABILITIES: Readonly<Record<ProviderName, Capabilities>> = {
  lxd: SYSTEM_CONTAINERS,
  incus: SYSTEM_CONTAINERS,
  kind: {
    makes: 'clusters',
    node: 'a privileged Docker or Podman container',
    imageFormat: 'kind',
    distributions: ['kubeadm'],
    ownNetwork: 'kindnet',
    blocksEgress: 'root',
    choosesAddresses: false,
    foreignImages: false,
    buildsImages: false,
    freezes: true,
    snapshots: false,
  },
};
