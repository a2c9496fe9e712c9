import type { Cni } from './cni.ts';
import { bridgeConflist, podCIDRValue, podFamilies } from './bridge.ts';
import { FLANNEL_DAEMONSET, FLANNEL_NAMESPACE, flannelManifest, SUBNET_FILE } from './flannel-manifest.ts';
import { waitForPodCIDRs } from './pod-cidrs.ts';
import type { PlanContext } from '../distributions/distribution.ts';
import type { PlanNode, Step } from '../plan/plan.ts';

const CONFLIST = '/etc/cni/net.d/10-flannel.conflist';
const APPLY_TIMEOUT_MS = 60_000;
/** Its image may have to be pulled. */
const READY_TIMEOUT_MS = 180_000;
const COMMAND_TIMEOUT_MS = 15_000;

/** The value that holds the MTU which flanneld has found for the pods of a node. */
function mtuValue(node: PlanNode): string {
  return `{{flannelMTU.${node.name}}}`;
}

/** What Flannel's own plugin would hand on to bridge and host-local, with the MTU that flanneld has found. */
function conflist(context: PlanContext, node: PlanNode): string {
  const subnets = podFamilies(context.scenario).map(({ family }) => ({
    family,
    subnet: podCIDRValue(node, family),
  }));
  const mtu = mtuValue(node);
  // A number in JSON, of which only its place is known by now.
  return bridgeConflist('cbr0', subnets, mtu).replace(JSON.stringify(mtu), mtu);
}

function networkStep(context: PlanContext, node: PlanNode, needs: readonly string[]): Step {
  return {
    id: `network/${node.shortName}`,
    phase: 'network',
    title: `wait for flanneld on ${node.name}, and give pods their addresses`,
    needs,
    actions: [
      waitForPodCIDRs(context, [node]),
      {
        kind: 'wait',
        condition: {
          type: 'daemonset-on-node',
          namespace: FLANNEL_NAMESPACE,
          name: FLANNEL_DAEMONSET,
          node: node.name,
        },
        timeoutMs: READY_TIMEOUT_MS,
      },
      {
        kind: 'exec',
        node: node.name,
        file: 'sed',
        args: ['--quiet', 's/^FLANNEL_MTU=//p', SUBNET_FILE],
        timeoutMs: COMMAND_TIMEOUT_MS,
        capture: `flannelMTU.${node.name}`,
      },
      {
        kind: 'write-files',
        node: node.name,
        files: [{ path: CONFLIST, mode: 0o644, content: conflist(context, node) }],
      },
    ],
  };
}

/** Flannel: flanneld makes the way between nodes, in each family, and the reference plugins the one inside of a node. */
export const flannel: Cni = {
  name: 'flannel',
  filesBefore: () => [],
  steps(context, { apiStep, joinedSteps }) {
    const apply: Step = {
      id: 'network/apply',
      phase: 'network',
      title: 'install flannel',
      needs: [apiStep],
      actions: [
        {
          kind: 'apply',
          name: 'flannel',
          manifest: flannelManifest(context),
          timeoutMs: APPLY_TIMEOUT_MS,
        },
      ],
    };
    const perNode = context.nodes.map((node) =>
      networkStep(context, node, [apply.id, ...joinedSteps.filter((id) => id === `join/${node.shortName}`)]),
    );
    return [apply, ...perNode];
  },
};
