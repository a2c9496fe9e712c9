import type { Allocation, PlanHost, PlanNode, Step } from '../plan/plan.ts';
import type { PlannedImage } from '../plan/planned-image.ts';
import type { ImageArchive, InputFile } from '../images/archive/image-archive.ts';
import type { NodeFile } from '../providers/provider.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** A snap on this host that nodes install. */
export interface PlannedSnap {
  /** Its file's name, without folders. */
  readonly name: string;
  readonly snap: InputFile;
  /** What vouches for it; null where the scenario takes it without. */
  readonly assert: InputFile | null;
}

/** A distribution's program on this host. */
export interface PlannedProgram extends InputFile {
  /** Whether more is attached behind the program itself: k0s carries its components there. */
  readonly embedsComponents: boolean;
}

/** What distributions and CNIs make their steps from. */
export interface PlanContext {
  readonly scenario: Scenario;
  readonly allocation: Allocation;
  /** The nodes of Kubernetes. */
  readonly nodes: readonly PlanNode[];
  /** Machines that run the control plane alone and are no nodes of Kubernetes; none but with k0s. */
  readonly controllers: readonly PlanNode[];
  readonly image: PlannedImage;
  readonly host: PlanHost;
  /** The distribution's program on this host; null where the scenario names none. */
  readonly binary: PlannedProgram | null;
  /** Archives of container images that every node loads before anything is applied. */
  readonly archives: readonly ImageArchive[];
  /** In the order in which nodes install them; none unless the scenario names some. */
  readonly snaps: readonly PlannedSnap[];
  /** Files that a node must have before its first Kubernetes program starts, from the CNI. */
  filesBefore(node: PlanNode): readonly NodeFile[];
}

/** Steps by which others depend on a distribution. */
export interface BootstrapSteps {
  readonly steps: readonly Step[];
  /** After this step the API server answers and the run holds its kubeconfig. */
  readonly apiStep: string;
  /** After this step a node's files are written and its container runtime runs. */
  preparedStep(node: PlanNode): string;
  /** After these steps every node is registered. */
  readonly joinedSteps: readonly string[];
  /** Whether these steps give the nodes their archives of container images; else they are loaded once a node is prepared. */
  readonly bringsArchives: boolean;
}

/** A way to make Kubernetes nodes out of machines. */
export interface Distribution {
  readonly name: Scenario['distribution']['name'];
  /** @param launched the step after which a node runs, by node name. */
  bootstrap(context: PlanContext, launched: ReadonlyMap<string, string>): BootstrapSteps;
}
