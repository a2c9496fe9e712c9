import type { CgroupVersion } from '../host/cgroup-settings.ts';
import type { Conversation } from '../dialogue/conversation.ts';
import type { DialogueMode } from '../dialogue/dialogue.ts';
import type { CommandRunner } from '../process/command-runner.ts';
import type { NodeImage } from '../images/node-image.ts';
import type { Lease } from '../run/lease.ts';
import type { ResourceRef } from '../run/event.ts';
import type { Capabilities } from '../scenario/provider-capabilities.ts';
import type { ForeignImageName } from '../scenario/foreign-image-name.ts';
import type { IPFamily, ProviderName } from '../scenario/scenario.ts';

/** A deadline and a signal, which every call to an engine has. */
export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a creation that takes its time tells meanwhile, a line at a time. */
export interface CreateOptions extends CallOptions {
  readonly onProgress?: (text: string) => void;
}

/** Who owns what is created: becomes labels in the engine, in the request that creates the object. */
export interface Owner {
  readonly runId: string;
  readonly lease: Lease;
}

export type NodeRole = 'control-plane' | 'worker';

/** A family's share of the node network. Addresses without prefix length, the range in CIDR notation. */
export interface NodeNetworkRange {
  readonly family: IPFamily;
  readonly cidr: string;
  readonly gateway: string;
}

/** What a plan asks an engine to create. */
export type ResourceSpec =
  | { readonly kind: 'network-acl'; readonly name: string }
  | {
      readonly kind: 'network';
      readonly name: string;
      readonly ranges: readonly NodeNetworkRange[];
      readonly egress: 'open' | 'blocked';
      /** The ACL that blocks the way out; null where egress is open. */
      readonly acl: string | null;
    }
  /** Lets the network's traffic pass a host firewall that drops what is forwarded; an object of the host and not of the engine. */
  | {
      readonly kind: 'forward-rule';
      readonly name: string;
      readonly bridge: string;
      readonly family: IPFamily;
      readonly egress: 'open' | 'blocked';
    }
  /** Keeps what the network's nodes send from reaching this host and anything behind it; an object of the host and not of the engine. */
  | { readonly kind: 'egress-block'; readonly name: string; readonly bridge: string }
  | {
      readonly kind: 'profile';
      readonly name: string;
      readonly network: string;
      readonly pool: string;
      /** The version of the host's control groups. */
      readonly cgroupVersion: CgroupVersion;
      /** What a snap is given beside all that: loop devices, and kernel modules that the engine loads; null where none is installed. */
      readonly snap: { readonly kernelModules: readonly string[] } | null;
    }
  | {
      readonly kind: 'instance';
      readonly name: string;
      readonly role: NodeRole;
      readonly profile: string;
      /** The engine's name of the image. */
      readonly image: string;
      /** Addresses with prefix length, set inside the node before anything else starts. */
      readonly addresses: readonly string[];
      readonly gateways: readonly string[];
      /** Entries for the node's /etc/hosts. */
      readonly hosts: readonly { readonly address: string; readonly name: string }[];
      /** How an image that is none of ours takes its addresses; null for one of ours, which reads them itself. */
      readonly cloudInit: { readonly nameservers: readonly string[] } | null;
    }
  /** Nodes that the engine's own tool makes and bootstraps in one go; each becomes an instance with the cluster's labels. */
  | {
      readonly kind: 'cluster';
      readonly name: string;
      readonly network: string;
      /** The tool's own configuration, without secrets. */
      readonly config: string;
      readonly nodes: readonly { readonly name: string; readonly role: NodeRole }[];
      /** What every node has before its first Kubernetes program starts, in {@link CLUSTER_FILES}: names without folders. */
      readonly files: readonly { readonly name: string; readonly content: string }[];
    };
export type ResourceKind = ResourceSpec['kind'] | 'lease';
/** What is created on the host and not in an engine. */
export type HostResourceSpec = Extract<ResourceSpec, { kind: 'forward-rule' | 'egress-block' }>;
export type ClusterSpec = Extract<ResourceSpec, { kind: 'cluster' }>;
/** What an engine that makes machines creates itself. */
export type EngineResourceSpec = Exclude<ResourceSpec, HostResourceSpec | ClusterSpec>;

/** Where the nodes of a cluster find the files of its spec. */
export const CLUSTER_FILES = '/etc/twinstack/cluster';

/** In which order kinds are removed: what uses another goes first. */
export const REMOVAL_ORDER: readonly ResourceKind[] = [
  'instance',
  'profile',
  // Before the network, whose lease says whose they are.
  'forward-rule',
  'network',
  'network-acl',
  // Last of what keeps a lab in: until then its nodes reach nothing.
  'egress-block',
  // Says whose the others are.
  'lease',
];

/** An object with our label. `lease` is null when the label can't be read: such an object is only removed by its run's id. */
export interface OwnedResource extends ResourceRef {
  readonly kind: ResourceKind;
  readonly runId: string;
  readonly lease: Lease | null;
  /** ISO 8601 where the engine tells, else null. */
  readonly createdAt: string | null;
}

/** An image as the engine has it. */
export interface EnsuredImage {
  /** The engine's name of it. */
  readonly name: string;
  /** Nodes can be made of it without a wait. */
  readonly unpacked: boolean;
  readonly storageDriver: string;
}

/** Where an image that is none of ours was found. */
export interface FoundForeignImage extends ForeignImageName {
  /** Of the whole image, in hexadecimal digits. */
  readonly fingerprint: string;
  /** Address of the remote's server; null for the engine itself. */
  readonly server: string | null;
}

/** An object that stays on purpose: images and the storage pool. */
export interface CachedResource {
  readonly kind: 'engine-image' | 'storage-pool';
  readonly name: string;
  readonly sizeBytes: number | null;
}

/** A machine to build node images in: privileged, without a network, with folders of the host at the same paths. */
export interface BuilderSpec {
  readonly name: string;
  readonly folders: readonly { readonly path: string; readonly writable: boolean }[];
  /** A folder that exists, for files that the engine's client is given. */
  readonly temporaryDirectory: string;
}

/** A file to be written into a node; `content` is text. */
export interface NodeFile {
  /** Absolute. */
  readonly path: string;
  /** Such as 0o644. */
  readonly mode: number;
  readonly content: string;
}

/** A program in a node that is talked to. */
export interface NodeProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly mode: DialogueMode;
  /** Tells its processes apart from those of every other program; letters, digits and slashes. */
  readonly mark: string;
}

/** One machine of the cluster. It *is* a command runner: programs run inside it. */
export interface Node extends CommandRunner {
  readonly name: string;
  /** Writes all files in one call; folders are made. */
  writeFiles(files: readonly NodeFile[], options: CallOptions): Promise<void>;
  /** Starts a program to talk to. The deadline is for what has to be made ready before; the program's own is its dialogue's. */
  converse(program: NodeProgram, options: CallOptions): Promise<Conversation>;
}

/** Facts of the engine that is there. */
export interface EngineInfo {
  readonly version: string;
  /** What runs the nodes, by name and version: `lxd 5.0.2`, `docker 20.10.24`. */
  readonly engine: string;
  /** Storage driver of our pool, such as `btrfs`; null before the pool exists. */
  readonly storageDriver: string | null;
}

/** An engine that runs nodes. Names alone never decide: what lacks our label is neither listed nor removed. */
export interface Provider {
  readonly name: ProviderName;
  readonly capabilities: Capabilities;
  /** @throws {FailureError} class `preflight` when the engine can't be reached, with the cause and the way out. */
  info(options: CallOptions): Promise<EngineInfo>;
  /** Every range (CIDR) that the engine's networks use, whoever made them. */
  usedRanges(options: CallOptions): Promise<string[]>;
  /** What our storage pool has left; null before it exists, and where the engine can't tell. */
  poolFreeBytes(options: CallOptions): Promise<number | null>;
  /** Makes the image known to the engine if it is not; idempotent. */
  ensureImage(
    image: NodeImage,
    options: CallOptions & { onProgress(text: string): void },
  ): Promise<EnsuredImage>;
  /**
   * Finds an image that is none of ours. What the engine has is used as it is; anything else is downloaded, with our label.
   * @throws {FailureError} class `preflight` for a remote or a local image that is not here, `infrastructure` for a server or an image
   *   that can't be had.
   */
  ensureForeignImage(
    image: ForeignImageName,
    options: CallOptions & { onProgress(text: string): void },
  ): Promise<EnsuredImage & { readonly found: FoundForeignImage }>;
  /** Unpacks an image into the storage pool by making a throw-away instance of it; the caller journals the instance's name. */
  unpackImage(image: string, instance: string, owner: Owner, options: CallOptions): Promise<void>;
  /** Makes and starts a builder, an instance with its labels; the caller journals its name. */
  startBuilder(spec: BuilderSpec, owner: Owner, options: CallOptions): Promise<void>;
  /** Creates an object with its labels. Creating what exists with the same owner is not an error. */
  create(spec: ResourceSpec, owner: Owner, options: CreateOptions): Promise<void>;
  /** The kubeconfig of a cluster that {@link create} made, for this host. Only where the engine makes clusters. */
  kubeconfig(cluster: string, options: CallOptions): Promise<string>;
  start(instance: string, options: CallOptions): Promise<void>;
  node(instance: string): Node;
  /** The command that opens an interactive shell in a node, for a terminal. */
  shellCommand(instance: string): readonly string[];
  /** Removes an object if it carries this run's label; what is gone already is fine. */
  remove(ref: ResourceRef, runId: string, options: CallOptions): Promise<void>;
  /** Writes another lease into an object's label: what is kept outlives the process that made it. */
  relabel(ref: ResourceRef, owner: Owner, options: CallOptions): Promise<void>;
  /** Waits for, or cancels, what the engine is still doing to these names, so that nothing appears after the clean-up. */
  settle(names: readonly string[], options: CallOptions): Promise<void>;
  listOwned(options: CallOptions): Promise<OwnedResource[]>;
  listCached(options: CallOptions): Promise<CachedResource[]>;
  removeCached(resource: CachedResource, options: CallOptions): Promise<void>;
  /** The exact commands that {@link create} runs, for `plan`. */
  commandsFor(spec: ResourceSpec, owner: Owner): readonly (readonly string[])[];
  startCommand(instance: string): readonly string[];
  /** @param input whether the program reads what it is given. */
  execCommand(instance: string, file: string, args: readonly string[], input?: boolean): readonly string[];
}
