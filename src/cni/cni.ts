import type { BootstrapSteps, PlanContext } from '../distributions/distribution.ts';
import type { PlanNode, Step } from '../plan/plan.ts';
import type { NodeFile } from '../providers/provider.ts';

/** A way to give pods their addresses and routes. */
export interface Cni {
  readonly name: string;
  /**
   * Whether it is made of pods itself, whose images may have to be pulled: what waits for other pods then waits for a Ready node first,
   * or its shorter deadline would hide which part of the network is missing.
   */
  readonly isMadeOfPods?: boolean;
  /** Files that a node must have before its first Kubernetes program starts. */
  filesBefore(context: Omit<PlanContext, 'filesBefore'>, node: PlanNode): readonly NodeFile[];
  steps(context: PlanContext, after: BootstrapSteps): readonly Step[];
}
