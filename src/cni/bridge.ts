import type { Cni } from './cni.ts';
import { nthSubnet } from '../network/cidr-arithmetic.ts';
import type { PlanContext } from '../distributions/distribution.ts';
import type { Action, PlanNode, Step } from '../plan/plan.ts';
import type { NodeFile } from '../providers/provider.ts';
import type { IPFamily, Scenario } from '../scenario/scenario.ts';

const CONFLIST = '/etc/cni/net.d/10-twinstack.conflist';
const MASQUERADE = '/etc/twinstack/masquerade.nft';
const ROUTES = '/etc/twinstack/routes';
const UNREACHABLE = '/etc/twinstack/unreachable';
const POD_CIDRS_TIMEOUT_MS = 120_000;
const COMMAND_TIMEOUT_MS = 15_000;

/** A family's pod range, node mask and default route. */
interface PodFamily {
  readonly family: IPFamily;
  readonly pods: string;
  readonly nodeMask: number;
}

function podFamilies(scenario: Scenario): PodFamily[] {
  return scenario.network.families.map((family, index) => {
    const pods = scenario.network.pods[index];
    const nodeMask = scenario.network.nodeMasks[family];
    if (pods === undefined || nodeMask === null)
      throw new Error(`the scenario has no pod range for ${family}`);
    return { family, pods, nodeMask };
  });
}

/** host-local gives a pod one address of each range; `ipMasq` would hide pods from each other behind their node. */
function conflist(subnets: readonly { family: IPFamily; subnet: string }[]): string {
  const config = {
    cniVersion: '1.0.0',
    name: 'twinstack',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: subnets.map(({ subnet }) => [{ subnet }]),
          routes: subnets.map(({ family }) => ({ dst: family === 'IPv4' ? '0.0.0.0/0' : '::/0' })),
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Only what leaves pods, services and nodes is masqueraded; inside the cluster a server sees the pod's own address. */
function masqueradeRules(context: Omit<PlanContext, 'filesBefore'>): string {
  const { scenario, nodes } = context;
  const rules = podFamilies(scenario).map(({ family, pods }, index) => {
    const inside = [
      pods,
      scenario.network.services[index],
      ...nodes.map((node) => node.addresses.find((address) => address.family === family)?.address),
    ].filter((range) => range !== undefined);
    const selector = family === 'IPv4' ? 'ip' : 'ip6';
    return `    ${selector} saddr ${pods} ${selector} daddr != { ${inside.join(', ')} } masquerade`;
  });
  return [
    'table inet twinstack',
    'delete table inet twinstack',
    'table inet twinstack {',
    '  chain postrouting {',
    '    type nat hook postrouting priority srcnat; policy accept;',
    ...rules,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** The value that holds a node's share of the pod range once the controller manager has given it. */
function podCIDRValue(node: PlanNode, family: IPFamily): string {
  return `{{podCIDR.${node.name}.${family}}}`;
}

function isFirstNode(context: Omit<PlanContext, 'filesBefore'>, node: PlanNode): boolean {
  return context.nodes[0]?.name === node.name;
}

function networkStep(context: PlanContext, node: PlanNode, needs: readonly string[]): Step {
  const families = podFamilies(context.scenario);
  const routes = families.flatMap(({ family }) =>
    context.nodes
      .filter((peer) => peer.name !== node.name)
      .map((peer) => {
        const via = peer.addresses.find((address) => address.family === family)?.address;
        return `route replace ${podCIDRValue(peer, family)} via ${via}\n`;
      }),
  );
  const files: NodeFile[] = [
    {
      path: CONFLIST,
      mode: 0o644,
      content: conflist(families.map(({ family }) => ({ family, subnet: podCIDRValue(node, family) }))),
    },
    { path: ROUTES, mode: 0o644, content: routes.join('') },
  ];
  const actions: Action[] = [{ kind: 'write-files', node: node.name, files }];
  if (routes.length > 0) {
    actions.push({
      kind: 'exec',
      node: node.name,
      file: 'ip',
      args: ['-batch', ROUTES],
      timeoutMs: COMMAND_TIMEOUT_MS,
    });
  }
  return {
    id: `network/${node.shortName}`,
    phase: 'network',
    title: `routes and pod addresses on ${node.name}`,
    needs,
    actions,
  };
}

/** The reference plugins: a bridge a node, host-local with a range for each family, routes between nodes, no NAT between pods. */
export const bridge: Cni = {
  name: 'bridge',
  filesBefore(context, node) {
    const families = podFamilies(context.scenario);
    // A packet for a pod range that no node has must not follow the default route out of the lab.
    const unreachable = families.map(({ pods }) => `route replace unreachable ${pods} metric 4096\n`);
    const files: NodeFile[] = [
      { path: MASQUERADE, mode: 0o644, content: masqueradeRules(context) },
      { path: UNREACHABLE, mode: 0o644, content: unreachable.join('') },
    ];
    if (isFirstNode(context, node)) {
      // The first node gets the first subnets, so its pods need not wait for the controller manager; `network` checks it.
      const subnets = families.map(({ family, pods, nodeMask }) => ({
        family,
        subnet: nthSubnet(pods, nodeMask, 0),
      }));
      files.push({ path: CONFLIST, mode: 0o644, content: conflist(subnets) });
    }
    return files;
  },
  steps(context, { apiStep, joinedSteps, preparedStep }) {
    const guards = context.nodes.map((node): Step => {
      const command = (file: string, args: string[]): Action => ({
        kind: 'exec',
        node: node.name,
        file,
        args,
        timeoutMs: COMMAND_TIMEOUT_MS,
      });
      return {
        id: `network/guard/${node.shortName}`,
        phase: 'network',
        title: `masquerade only what leaves the cluster on ${node.name}`,
        needs: [preparedStep(node)],
        actions: [command('nft', ['-f', MASQUERADE]), command('ip', ['-batch', UNREACHABLE])],
      };
    });
    const wait: Step = {
      id: 'network/pod-cidrs',
      phase: 'network',
      title: 'wait for the pod ranges of every node',
      // The wait's deadline must not run while kubeadm still joins nodes.
      needs: context.nodes.length > 1 ? [apiStep, ...joinedSteps] : [apiStep],
      actions: [
        {
          kind: 'wait',
          condition: {
            type: 'pod-cidrs',
            nodes: context.nodes.map((node) => node.name),
            families: context.scenario.network.families,
          },
          timeoutMs: POD_CIDRS_TIMEOUT_MS,
        },
      ],
    };
    const routes = context.nodes.map((node) =>
      networkStep(context, node, [wait.id, `network/guard/${node.shortName}`]),
    );
    return [...guards, wait, ...routes];
  },
};
