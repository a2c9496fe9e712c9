import type { ForwardVerdict } from '../forward-rules.ts';
import type { HostFacts } from '../host-facts.ts';
import type { ClusterRange } from '../../network/clashing-ranges.ts';
import type { IPFamily, ProviderName } from '../../scenario/scenario.ts';

/** What is known of the engine beside the host's own facts. */
export interface EngineState {
  /** Null when it answers; else why it does not. */
  readonly unreachable: string | null;
  /** What to do about that, in the provider's words; null when it answers. */
  readonly hint: string | null;
  readonly version: string | null;
  readonly storageDriver: string | null;
  /** Bytes free in our storage pool; null where there is none yet, or it can't be told. */
  readonly storageFreeBytes: number | null;
}

/** What must be there where a node image has to be built. */
export interface BuildState {
  /** Packages that a build needs and that are not installed. */
  readonly missingPackages: readonly string[];
  /** Bytes that a build takes at its largest. */
  readonly diskBytes: number;
}

/** What the run at hand asks of the host; `doctor` asks for the smallest one. */
export interface HostNeeds {
  /** Whose engine makes the nodes. */
  readonly provider: ProviderName;
  readonly nodes: number;
  readonly egress: 'open' | 'blocked';
  readonly families: readonly IPFamily[];
  /** Pod and service ranges, with what they are for. */
  readonly ranges: readonly ClusterRange[];
  /** A snap is installed in the nodes. */
  readonly snap: boolean;
  /** The network plugin makes VXLAN tunnels. */
  readonly vxlan: boolean;
}

/** Everything that findings are judged from, as data. */
export interface HostState {
  readonly facts: HostFacts;
  readonly engine: EngineState;
  /** Null where a node image for the scenario is in the cache, so that nothing must be built. */
  readonly build: BuildState | null;
  readonly needs: HostNeeds;
  readonly forward: Readonly<Record<IPFamily, ForwardVerdict>>;
  /** Ids of runs that nobody will clean up after. */
  readonly deadRuns: readonly string[];
  /** The Debian mirror that node images are built from. */
  readonly debianMirror: string;
  /** Findings that `doctor` put right since the last restart. */
  readonly recordedFixes: ReadonlySet<string>;
}
