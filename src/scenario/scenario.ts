import type { DialogueLimits, DialogueMode, DialoguePrompt } from '../dialogue/dialogue.ts';

/** The two IP families, by the names that the Kubernetes API uses for them. */
export type IPFamily = 'IPv4' | 'IPv6';

/** One value for each family. */
export interface PerFamily<T> {
  readonly IPv4: T;
  readonly IPv6: T;
}

export type ProviderName = 'lxd' | 'incus' | 'kind';
export type DistributionName = 'kubeadm' | 'k0s' | 'k8s-snap';

/** What the controller of k0s is, in k0sctl's words. */
export const CONTROLLER_ROLES = ['single', 'controller', 'controller+worker'] as const;
export type ControllerRole = (typeof CONTROLLER_ROLES)[number];

/** The network plugins that a scenario may name. */
export const CNI_NAMES = [
  'bridge',
  'calico',
  'cilium',
  'custom',
  'flannel',
  'kindnet',
  'kube-router',
] as const;
export type CniName = (typeof CNI_NAMES)[number];

/** How a network plugin may carry traffic between nodes. */
export const CNI_MODES = ['bird', 'vxlan', 'host-gw'] as const;
export type CniMode = (typeof CNI_MODES)[number];

/** When Calico in bird mode wraps IPv4 packets between nodes into IPIP, in its own words. */
export const CALICO_OVERLAYS = ['Always', 'CrossSubnet', 'Never'] as const;
export type CalicoOverlay = (typeof CALICO_OVERLAYS)[number];

/** What a scenario may choose of Calico, beside its mode. */
export interface CalicoChoices {
  /** Prefix length of the blocks that nodes take from the pod range. */
  readonly blockSizes: PerFamily<number>;
  /** Whether what leaves the pod ranges has the node's address. */
  readonly natOutgoing: boolean;
  /** How a node finds its own address, in Calico's words. */
  readonly autodetection: PerFamily<string>;
  /** Null in vxlan mode, which always wraps. */
  readonly overlay: CalicoOverlay | null;
}

/** What must happen for the run to end with exit status 0. */
export type Expectation = 'passed' | { readonly check: string } | { readonly rule: string };

/** A Kubernetes component that takes extra command line arguments. */
export type ComponentName =
  'apiServer' | 'controllerManager' | 'scheduler' | 'etcd' | 'kubelet' | 'kubeProxy';

/** A program of the user's own that must exit with 0. */
export interface OwnTest {
  /** A label, unique in its scenario. */
  readonly name: string;
  /** The program and its arguments; never passed through a shell. */
  readonly command: readonly string[];
  /** Where it runs. As written in the file: relative to the scenario's folder. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its own deadline in milliseconds. */
  readonly timeoutMs: number;
}

/** Where a distribution's program comes from. Paths as written. */
export type Installation =
  | { readonly from: 'preinstalled' }
  /** The official release of the distribution, fetched by this host; `airgap` with the bundle of its container images. */
  | { readonly from: 'release'; readonly airgap: boolean }
  | { readonly from: 'snap-store'; readonly channel: string }
  | { readonly from: 'snap-file'; readonly snaps: readonly string[]; readonly dangerous: boolean };

/** What is deployed: ours, or a manifest by its path as written. */
export type Workload = 'nginxdualstack' | { readonly manifest: string };

/**
 * A scenario with every default filled in and every rule kept: what the plan is made of. It is made from a file by
 * `loadScenario` and carries the file's position table no further.
 */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly provider: ProviderName;
  readonly nodes: {
    readonly controlPlanes: number;
    readonly workers: number;
    /** Null for a distribution that knows no such difference. */
    readonly controllerRole: ControllerRole | null;
  };
  readonly network: {
    /** What was asked for, in order of preference: the first is the primary family. One entry is single-stack. */
    readonly families: readonly IPFamily[];
    readonly primaryFamily: IPFamily;
    /** Pod ranges in CIDR notation, in the order in which the scenario gives them; as many as `families`. */
    readonly pods: readonly string[];
    readonly services: readonly string[];
    /** Whether the file has them: a program that asks is not told what nobody wrote, where its own default is the same. */
    readonly isWritten: { readonly pods: boolean; readonly services: boolean };
    /** Prefix length of one node's share of the pod range. Null for a family that was not asked for. */
    readonly nodeMasks: PerFamily<number | null>;
    /** The node network's ranges where the scenario writes them; null means chosen free at run time. */
    readonly bridge: PerFamily<string | null>;
  };
  readonly egress: 'open' | 'blocked';
  /** A node image of the user's own, as written: a file, the beginning of a key, or `REMOTE:ALIAS`, which is none of ours. */
  readonly image: string | null;
  /** Archives of container images for every node, as written. */
  readonly images: readonly string[];
  /** Programs of the user's own: path by program, as written, relative to the scenario file. */
  readonly binaries: Readonly<Record<string, string>>;
  readonly distribution: { readonly name: DistributionName; readonly version: string };
  readonly cni: {
    /** `distribution`: the one that the distribution brings with it, without a choice. */
    readonly name: CniName | 'distribution';
    /** Null for a plugin that has none to choose. */
    readonly mode: CniMode | null;
    /** What installs it, as written. */
    readonly manifest: string | null;
    /** The Helm chart that installs it, as written; cilium alone may have one. */
    readonly chart?: string;
    /** Of calico alone. */
    readonly calico?: CalicoChoices;
  };
  readonly bootstrap: 'interactive' | 'file';
  readonly dialogue: {
    readonly mode: DialogueMode;
    /** Null leaves the prompts to the distribution. Answers may hold `{{ network.pods }}` and the like. */
    readonly prompts: readonly DialoguePrompt[] | null;
    /** In milliseconds. */
    readonly timeouts: Pick<DialogueLimits, 'promptMs' | 'silenceMs' | 'endMs'>;
  };
  /** Null leaves them to the distribution. */
  readonly features: readonly string[] | null;
  readonly install: Installation;
  /** The distribution's program, as written. */
  readonly binary: string | null;
  readonly kubeProxy: { readonly mode: 'nftables' | 'iptables' };
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly extraArgs: Readonly<Partial<Record<ComponentName, Readonly<Record<string, string>>>>>;
  readonly workloads: readonly Workload[];
  /** In the order in which they run. */
  readonly tests: readonly OwnTest[];
  readonly expect: Expectation;
  /** How often the cluster is made anew when it could not be made. */
  readonly retries: number;
  /** The whole run's deadline in milliseconds, clean-up excluded. */
  readonly timeoutMs: number;
}
