import type { Cni } from './cni.ts';
import type { Step } from '../plan/plan.ts';

const READY_TIMEOUT_MS = 5 * 60_000;

/** The network that a distribution brings with it: there is nothing to install, and nodes are ready when it works. */
export const distributionNetwork: Cni = {
  name: 'distribution',
  filesBefore: () => [],
  steps: ({ nodes }, { apiStep, joinedSteps }) =>
    nodes.map((node): Step => ({
      id: `network/${node.shortName}`,
      phase: 'network',
      title: `wait for the distribution's network on ${node.name}`,
      needs: [apiStep, ...joinedSteps],
      actions: [
        {
          kind: 'wait',
          condition: { type: 'nodes-ready', nodes: [node.name] },
          timeoutMs: READY_TIMEOUT_MS,
        },
      ],
    })),
};
