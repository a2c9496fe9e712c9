import type { Cni } from './cni.ts';
import type { Step } from '../plan/plan.ts';

/** Shorter than a distribution's own wait for its cluster, which does not say what is missing when it is over. */
const READY_TIMEOUT_MS = 4.5 * 60_000;

/** The network that a distribution brings with it: there is nothing to install, and nodes are ready when it works. */
export const distributionNetwork: Cni = {
  name: 'distribution',
  filesBefore: () => [],
  steps: ({ nodes }, { apiStep, joinedSteps }) =>
    nodes.map((node): Step => ({
      id: `network/${node.shortName}`,
      phase: 'network',
      title: `wait for the distribution's network on ${node.name}`,
      // At the same time as the distribution's own wait, of which this one names the cause.
      needs: [apiStep, ...joinedSteps.filter((id) => id === `join/${node.shortName}`)],
      actions: [
        {
          kind: 'wait',
          condition: { type: 'nodes-ready', nodes: [node.name] },
          timeoutMs: READY_TIMEOUT_MS,
        },
      ],
    })),
};
