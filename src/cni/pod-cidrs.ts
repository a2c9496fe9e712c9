import type { BootstrapSteps, PlanContext } from '../distributions/distribution.ts';
import type { Action, PlanNode, Step } from '../plan/plan.ts';

const POD_CIDRS_TIMEOUT_MS = 120_000;

/** Waits until nodes have their shares of the pod ranges, which become values of the run. */
export function waitForPodCIDRs(
  { scenario }: Pick<PlanContext, 'scenario'>,
  nodes: readonly PlanNode[],
): Action {
  return {
    kind: 'wait',
    condition: {
      type: 'pod-cidrs',
      nodes: nodes.map(({ name }) => name),
      families: scenario.network.families,
    },
    timeoutMs: POD_CIDRS_TIMEOUT_MS,
  };
}

/** The same as a step, for every node at once. */
export function podCIDRsStep(context: PlanContext, { apiStep, joinedSteps }: BootstrapSteps): Step {
  const { nodes, controllers } = context;
  return {
    id: 'network/pod-cidrs',
    phase: 'network',
    title: 'wait for the pod ranges of every node',
    // The wait's deadline must not run while nodes still join; one that is alone is there when its API server answers.
    needs: nodes.length + controllers.length > 1 ? [apiStep, ...joinedSteps] : [apiStep],
    actions: [waitForPodCIDRs(context, nodes)],
  };
}
