import type { ImageArchive, InputFile } from '../images/archive/image-archive.ts';
import type { CgroupVersion } from '../host/cgroup-settings.ts';
import type { Dialogue } from '../dialogue/dialogue.ts';
import type { PlannedCheck } from '../checks/planned-check.ts';
import type { NodeFile, NodeNetworkRange, NodeRole, ResourceSpec } from '../providers/provider.ts';
import type { PlannedImage } from './planned-image.ts';
import type { PhaseName } from '../run/event.ts';
import type { IPFamily, Scenario } from '../scenario/scenario.ts';

/** The value of the run that holds an address which the engine gave to a node. */
export function addressValue(node: string, family: IPFamily): string {
  return `address.${node}.${family}`;
}

/** A machine of the cluster, as planned. */
export interface PlanNode {
  /** The instance's and the Kubernetes node's name, unique on the host: `ts-k7f3q2-worker-1`. */
  readonly name: string;
  /** The name without the run: `worker-1`. Check ids use it, so that they are the same in every run. */
  readonly shortName: string;
  readonly role: NodeRole;
  /** Without prefix length, for each family asked for, primary family first. A placeholder where the engine gives them. */
  readonly addresses: readonly { readonly family: IPFamily; readonly address: string }[];
}

/** What a run was given on this host: chosen under a lock at run time, or made up for `plan`. */
export interface Allocation {
  readonly runId: string;
  /** One range for each family asked for, primary family first. */
  readonly ranges: readonly NodeNetworkRange[];
}

/** What a plan depends on of the host that it is carried out on. */
export interface PlanHost {
  readonly cgroupVersion: CgroupVersion;
  /** Families whose forwarded packets the host's firewall drops unless a rule accepts them. */
  readonly dropped: readonly IPFamily[];
  /** Modules of the kernel that a snap's nodes need and that are to be loaded; what is there already is not named. */
  readonly kernelModules: readonly string[];
}

/** A state of the cluster that is awaited by watching. */
export type ClusterCondition =
  /** Each node has a pod range of each family; they become the values `podCIDR.<node>.<family>`. */
  | { readonly type: 'pod-cidrs'; readonly nodes: readonly string[]; readonly families: readonly IPFamily[] }
  /** Each node has an InternalIP of each family; they become the values `address.<node>.<family>`. */
  | {
      readonly type: 'node-addresses';
      readonly nodes: readonly string[];
      readonly families: readonly IPFamily[];
    }
  | {
      readonly type: 'nodes-ready';
      readonly nodes: readonly string[];
      /** What nodes are Ready by: when they are not in time, its pods are named. */
      readonly waitsFor?: readonly WorkloadRef[];
    }
  | { readonly type: 'daemonset-ready'; readonly namespace: string; readonly name: string }
  /** Its pod on one node; a failure has what that printed. */
  | {
      readonly type: 'daemonset-on-node';
      readonly namespace: string;
      readonly name: string;
      readonly node: string;
    }
  /** The Service has an address of each family with a ready endpoint behind it. */
  | {
      readonly type: 'service-ready';
      readonly namespace: string;
      readonly name: string;
      readonly families: readonly IPFamily[];
    }
  /** An object that makes pods has all of them as it wants them; a Job is complete. */
  | {
      readonly type: 'workload-ready';
      readonly kind: WorkloadKind;
      readonly namespace: string;
      readonly name: string;
    };

/** The kinds of objects that a run waits for. */
export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'Pod';

/** An object that makes the pods of a network plugin. */
export interface WorkloadRef {
  readonly kind: 'DaemonSet' | 'Deployment';
  readonly namespace: string;
  readonly name: string;
}

/**
 * One thing to do. Texts may hold `{{name}}`: a value known only at run time, captured by an earlier action; `secret.*` values are
 * never printed.
 */
export type Action =
  | {
      readonly kind: 'create';
      readonly resource: ResourceSpec;
      /** The engine's usual deadline when absent. */
      readonly timeoutMs?: number;
    }
  | { readonly kind: 'start'; readonly node: string }
  | { readonly kind: 'write-files'; readonly node: string; readonly files: readonly NodeFile[] }
  | {
      readonly kind: 'exec';
      readonly node: string;
      readonly file: string;
      readonly args: readonly string[];
      readonly timeoutMs: number;
      /** When set, a failing program is run again until the deadline; completes "waiting until …". */
      readonly retryUntil?: string;
      /** With `retryUntil`: the exit status that no further attempt would change. */
      readonly giveUpStatus?: number;
      /** Names the value that the program's standard output becomes. */
      readonly capture?: string;
      /** A warning of the run when the program's standard output has this text. */
      readonly warnWhen?: { readonly text: string; readonly warning: string };
      /** What to do next when it fails; the failure's own advice when absent. */
      readonly hint?: string;
      /** A file on this host that is the program's standard input. */
      readonly input?: InputFile | ImageArchive;
    }
  /** Reads the cluster's kubeconfig, captures `caCertHash` from it, and waits until its API server answers. */
  | {
      readonly kind: 'connect';
      readonly node: string;
      /** Prints it on the node; run again until it ends with status 0. Null where the provider has made the cluster, and has it. */
      readonly command: readonly [file: string, ...args: string[]] | null;
      readonly timeoutMs: number;
      /** The release, such as 1.36.3, whose minor version it must be; not asked when absent. */
      readonly expectVersion?: string;
    }
  | { readonly kind: 'wait'; readonly condition: ClusterCondition; readonly timeoutMs: number }
  | {
      readonly kind: 'apply';
      readonly name: string;
      readonly manifest: string;
      readonly timeoutMs: number;
      /** The user's own, by the digest of its file: braces in it are no placeholders, and the report names it. */
      readonly sha256?: string;
      /** The values that a Helm chart was rendered with, as YAML. */
      readonly values?: string;
    }
  /** Answers a program that asks. Answers may hold placeholders. */
  | {
      readonly kind: 'dialogue';
      readonly node: string;
      /** Tells it from the plan's other dialogues: a label, also of its transcript. */
      readonly name: string;
      readonly file: string;
      readonly args: readonly string[];
      readonly dialogue: Dialogue;
    }
  | { readonly kind: 'check'; readonly check: PlannedCheck };

/** Actions in order, on behalf of one purpose. Steps run as soon as the steps that they need are done. */
export interface Step {
  readonly id: string;
  readonly phase: PhaseName;
  readonly title: string;
  readonly needs: readonly string[];
  readonly actions: readonly Action[];
}

/** Everything that a run will do, as data: `plan` prints it and `run` executes it. */
export interface Plan {
  readonly allocation: Allocation;
  readonly scenario: Scenario;
  readonly image: PlannedImage;
  readonly nodes: readonly PlanNode[];
  readonly steps: readonly Step[];
  readonly checks: readonly PlannedCheck[];
}
