import type { Cni } from './cni.ts';
import { podCIDRsStep } from './pod-cidrs.ts';
import { nthSubnet } from '../network/cidr-arithmetic.ts';
import type { PlanContext } from '../distributions/distribution.ts';
import type { Action, PlanNode, Step } from '../plan/plan.ts';
import type { NodeFile } from '../providers/provider.ts';
import type { IPFamily, Scenario } from '../scenario/scenario.ts';

const NAME = 'twinstack';
const CONFLIST = '/etc/cni/net.d/10-twinstack.conflist';
const MASQUERADE = '/etc/twinstack/masquerade.nft';
const ROUTES = '/etc/twinstack/routes';
const UNREACHABLE = '/etc/twinstack/unreachable';
const COMMAND_TIMEOUT_MS = 15_000;

/** A family's pod range, node mask and default route. */
interface PodFamily {
  readonly family: IPFamily;
  readonly pods: string;
  readonly nodeMask: number;
}

/** The pod range of each family that a scenario asks for. */
export function podFamilies(scenario: Scenario): PodFamily[] {
  return scenario.network.families.map((family, index) => {
    const pods = scenario.network.pods[index];
    const nodeMask = scenario.network.nodeMasks[family];
    if (pods === undefined || nodeMask === null)
      throw new Error(`the scenario has no pod range for ${family}`);
    return { family, pods, nodeMask };
  });
}

/**
 * The reference plugins' configuration: host-local gives a pod one address of each range; `ipMasq` would hide pods from each other
 * behind their node.
 * @param mtu of the pods' interfaces, the kernel's own choice when null.
 */
export function bridgeConflist(
  name: string,
  subnets: readonly { family: IPFamily; subnet: string }[],
  mtu: string | null = null,
): string {
  const config = {
    cniVersion: '1.0.0',
    name,
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        ...(mtu === null ? {} : { mtu }),
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
  const { scenario, nodes, controllers } = context;
  const rules = podFamilies(scenario).map(({ family, pods }, index) => {
    const inside = [
      pods,
      scenario.network.services[index],
      ...[...controllers, ...nodes].map(
        (node) => node.addresses.find((address) => address.family === family)?.address,
      ),
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
export function podCIDRValue(node: PlanNode, family: IPFamily): string {
  return `{{podCIDR.${node.name}.${family}}}`;
}

/** Whether it is sure to be registered before every other: workers of a controller that is no node come in any order. */
function isFirstNode({ nodes }: Omit<PlanContext, 'filesBefore'>, node: PlanNode): boolean {
  return nodes[0]?.name === node.name && (nodes.length === 1 || node.role === 'control-plane');
}

/** Routes to the pods of every other node. */
function routesFile({ scenario, nodes }: PlanContext, machine: PlanNode): NodeFile {
  const routes = podFamilies(scenario).flatMap(({ family }) =>
    nodes
      .filter((peer) => peer.name !== machine.name)
      .map((peer) => {
        const via = peer.addresses.find((address) => address.family === family)?.address;
        return `route replace ${podCIDRValue(peer, family)} via ${via}\n`;
      }),
  );
  return { path: ROUTES, mode: 0o644, content: routes.join('') };
}

function addRoutes(machine: PlanNode): Action {
  const args = ['-batch', ROUTES];
  return { kind: 'exec', node: machine.name, file: 'ip', args, timeoutMs: COMMAND_TIMEOUT_MS };
}

/** A controller that is no node has no pods, and is reached by them, and reaches them, without NAT like every node. */
function controllerStep(context: PlanContext, controller: PlanNode, needs: readonly string[]): Step {
  return {
    id: `network/${controller.shortName}`,
    phase: 'network',
    title: `routes on ${controller.name}`,
    needs,
    actions: [
      { kind: 'write-files', node: controller.name, files: [routesFile(context, controller)] },
      addRoutes(controller),
    ],
  };
}

function networkStep(context: PlanContext, node: PlanNode, needs: readonly string[]): Step {
  const families = podFamilies(context.scenario);
  const files: NodeFile[] = [
    {
      path: CONFLIST,
      mode: 0o644,
      content: bridgeConflist(
        NAME,
        families.map(({ family }) => ({ family, subnet: podCIDRValue(node, family) })),
      ),
    },
    routesFile(context, node),
  ];
  const actions: Action[] = [{ kind: 'write-files', node: node.name, files }];
  if (context.nodes.length > 1) actions.push(addRoutes(node));
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
      files.push({ path: CONFLIST, mode: 0o644, content: bridgeConflist(NAME, subnets) });
    }
    return files;
  },
  steps(context, bootstrap) {
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
        needs: [bootstrap.preparedStep(node)],
        actions: [command('nft', ['-f', MASQUERADE]), command('ip', ['-batch', UNREACHABLE])],
      };
    });
    const wait = podCIDRsStep(context, bootstrap);
    const routes = context.nodes.map((node) =>
      networkStep(context, node, [wait.id, `network/guard/${node.shortName}`]),
    );
    const controllers = context.controllers.map((machine) => controllerStep(context, machine, [wait.id]));
    return [...guards, wait, ...routes, ...controllers];
  },
};
