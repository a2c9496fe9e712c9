import { basename } from 'node:path';
import { kindConfig } from './kind-config.ts';
import { PROBE_PATCHES } from './kubeadm-config.ts';
import { preparedStep } from './node-actions.ts';
import { runObjectName } from '../plan/assemble-plan.ts';
import type { Distribution, PlanContext } from './distribution.ts';
import type { PlanNode, Step } from '../plan/plan.ts';

const CLUSTER = 'bootstrap/cluster';
const API = 'bootstrap/api';
/** kind gives kubeadm four minutes for a control plane, and each node's start half of one. */
const CREATE_TIMEOUT_MS = 360_000;
const API_TIMEOUT_MS = 60_000;
const ADDRESSES_TIMEOUT_MS = 60_000;

/** What a network plugin wants in a node comes once kind has given it back. */
function prepareStep(context: PlanContext, node: PlanNode): Step {
  return {
    id: preparedStep(node),
    phase: 'network',
    title: `prepare ${node.name}`,
    needs: [API],
    actions: [{ kind: 'write-files', node: node.name, files: context.filesBefore(node) }],
  };
}

/** kubeadm as kind runs it: one command makes the nodes and bootstraps them. */
export const kindCluster: Distribution = {
  name: 'kubeadm',
  bootstrap(context) {
    const { nodes, scenario, allocation } = context;
    const [first] = nodes;
    if (first === undefined) throw new Error('a plan has at least one node');
    const name = runObjectName(allocation.runId);
    const names = nodes.map((node) => node.name);
    const prepares = nodes
      .filter((node) => context.filesBefore(node).length > 0)
      .map((node) => prepareStep(context, node));
    return {
      steps: [
        {
          id: CLUSTER,
          phase: 'bootstrap',
          title: `kind create cluster ${name} (${nodes.length === 1 ? '1 node' : `${nodes.length} nodes`})`,
          needs: ['launch/network'],
          actions: [
            {
              kind: 'create',
              timeoutMs: CREATE_TIMEOUT_MS,
              resource: {
                kind: 'cluster',
                name,
                network: name,
                config: kindConfig(context),
                nodes: nodes.map((node) => ({ name: node.name, role: node.role })),
                files: PROBE_PATCHES.map(({ path, content }) => ({ name: basename(path), content })),
              },
            },
          ],
        },
        {
          id: API,
          phase: 'bootstrap',
          title: 'wait for the API server',
          needs: [CLUSTER],
          actions: [
            { kind: 'connect', node: first.name, command: null, timeoutMs: API_TIMEOUT_MS },
            {
              kind: 'wait',
              condition: { type: 'node-addresses', nodes: names, families: scenario.network.families },
              timeoutMs: ADDRESSES_TIMEOUT_MS,
            },
          ],
        },
        ...prepares,
      ],
      apiStep: API,
      preparedStep: (node) =>
        prepares.some(({ id }) => id === preparedStep(node)) ? preparedStep(node) : API,
      joinedSteps: [CLUSTER],
      bringsArchives: false,
    };
  },
};
