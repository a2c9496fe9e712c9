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
  readonly provider: ProviderName | 'auto';
  readonly nodes: { readonly controlPlanes: number; readonly workers: number };
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
  /** `distribution`: the one that the distribution brings with it. */
  readonly cni: { readonly name: 'bridge' | 'distribution' };
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
