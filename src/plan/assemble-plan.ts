import { ownTestSteps } from './own-test-steps.ts';
import { ownWorkloads } from './own-workloads.ts';
import { checkSteps, workloadSteps, type Manifests } from './workload.ts';
import { nodeAddress } from '../network/node-addresses.ts';
import { loadSteps } from './load-steps.ts';
import type { Cni } from '../cni/cni.ts';
import type {
  Distribution,
  PlanContext,
  PlannedProgram,
  PlannedSnap,
} from '../distributions/distribution.ts';
import type { PlannedImage } from './planned-image.ts';
import { installsSnap } from '../scenario/installation.ts';
import {
  addressValue,
  type Action,
  type Allocation,
  type Plan,
  type PlanHost,
  type PlanNode,
  type Step,
} from './plan.ts';
import type { ImageArchive } from '../images/archive/image-archive.ts';
import type { NodeRole } from '../providers/provider.ts';
import { forwardRuleName } from '../host/forward-chain.ts';
import type { Manifest } from '../scenario/manifest.ts';
import { CAPABILITIES } from '../scenario/provider-capabilities.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** Everything that a plan is made of; nothing here touches the world. */
export interface PlanInputs {
  readonly scenario: Scenario;
  readonly allocation: Allocation;
  readonly image: PlannedImage;
  readonly storagePool: string;
  readonly manifests: Manifests;
  /** The user's own, in the order of the scenario's workloads. */
  readonly ownManifests: readonly Manifest[];
  readonly distribution: Distribution;
  readonly cni: Cni;
  /** Archives of container images that every node loads before anything is applied; none when absent. */
  readonly archives?: readonly ImageArchive[];
  /** The distribution's program on this host; none when absent. */
  readonly binary?: PlannedProgram | null;
  /** Snaps on this host, in the order in which nodes install them; none when absent. */
  readonly snaps?: readonly PlannedSnap[];
  readonly host: PlanHost;
}

/** What a plan is made of that the moment has no part in. */
export type PlanParts = Pick<
  PlanInputs,
  | 'distribution'
  | 'cni'
  | 'manifests'
  | 'ownManifests'
  | 'storagePool'
  | 'archives'
  | 'binary'
  | 'snaps'
  | 'host'
>;

/** The name of a run's network, profile and ACL, and the start of its nodes' names: at most 15 characters, as for any interface. */
export function runObjectName(runId: string): string {
  return `ts-${runId}`;
}

/** How kind names the nodes of a cluster, after the cluster's own name. */
function kindName(role: NodeRole, number: number): string {
  return number === 1 ? role : `${role}${number}`;
}

function planNodes(scenario: Scenario, allocation: Allocation): PlanNode[] {
  const { makes, choosesAddresses } = CAPABILITIES[scenario.provider];
  const roles: NodeRole[] = [
    ...Array<NodeRole>(scenario.nodes.controlPlanes).fill('control-plane'),
    ...Array<NodeRole>(scenario.nodes.workers).fill('worker'),
  ];
  const counts = { 'control-plane': 0, worker: 0 };
  return roles.map((role, index) => {
    counts[role] += 1;
    const shortName = `${role}-${counts[role]}`;
    const name = `${runObjectName(allocation.runId)}-${makes === 'clusters' ? kindName(role, counts[role]) : shortName}`;
    return {
      name,
      shortName,
      role,
      addresses: allocation.ranges.map(({ family, cidr }) => ({
        family,
        address: choosesAddresses ? nodeAddress(cidr, index) : `{{${addressValue(name, family)}}}`,
      })),
    };
  });
}

function launchSteps(inputs: PlanInputs, nodes: readonly PlanNode[]): Step[] {
  const { allocation, scenario } = inputs;
  const { cgroupVersion } = inputs.host;
  const { makes, blocksEgress } = CAPABILITIES[scenario.provider];
  const blocked = scenario.egress === 'blocked';
  // One node that reaches nothing outside sends nothing that the host forwards.
  const forwards = nodes.length > 1 || !blocked;
  const dropped = scenario.network.families.filter(
    (family) => forwards && inputs.host.dropped.includes(family),
  );
  const name = runObjectName(allocation.runId);
  const hosts = nodes.flatMap((node) => node.addresses.map(({ address }) => ({ address, name: node.name })));
  const network: Step = {
    id: 'launch/network',
    phase: 'launch',
    title: `create network ${name}`,
    needs: [],
    actions: [
      ...(blocked && blocksEgress === 'engine'
        ? [{ kind: 'create', resource: { kind: 'network-acl', name } } as const]
        : []),
      // Before the network: what is on it is kept in from its first packet.
      ...(blocked && blocksEgress === 'root'
        ? [{ kind: 'create', resource: { kind: 'egress-block', name, bridge: name } } as const]
        : []),
      {
        kind: 'create',
        resource: {
          kind: 'network',
          name,
          ranges: allocation.ranges,
          egress: scenario.egress,
          acl: blocked && blocksEgress === 'engine' ? name : null,
        },
      },
      ...dropped.map((family): Action => {
        const resource = {
          name: forwardRuleName(name, family),
          bridge: name,
          family,
          egress: scenario.egress,
        };
        return { kind: 'create', resource: { kind: 'forward-rule', ...resource } };
      }),
      ...(makes === 'machines'
        ? [
            {
              kind: 'create',
              resource: {
                kind: 'profile',
                name,
                network: name,
                pool: inputs.storagePool,
                cgroupVersion,
                snap: installsSnap(scenario) ? { kernelModules: inputs.host.kernelModules } : null,
              },
            } as const,
          ]
        : []),
    ],
  };
  // Its nodes are launched by what bootstraps them.
  if (makes === 'clusters') return [network];
  const launches = nodes.map((node): Step => {
    const prefixLength = (family: string): string =>
      allocation.ranges.find((range) => range.family === family)?.cidr.split('/')[1] ?? '';
    return {
      id: `launch/${node.shortName}`,
      phase: 'launch',
      title: `launch ${node.name}`,
      needs: [network.id],
      actions: [
        {
          kind: 'create',
          resource: {
            kind: 'instance',
            name: node.name,
            role: node.role,
            profile: name,
            image: inputs.image.engineName,
            addresses: node.addresses.map(({ family, address }) => `${address}/${prefixLength(family)}`),
            gateways: allocation.ranges.map((range) => range.gateway),
            hosts,
            cloudInit:
              inputs.image.foreign === null
                ? null
                : { nameservers: blocked ? [] : allocation.ranges.map((range) => range.gateway) },
          },
        },
        { kind: 'start', node: node.name },
      ],
    };
  });
  return [network, ...launches];
}

/** Scenario × allocation × image → plan. The same inputs give the same plan. */
export function assemblePlan(inputs: PlanInputs): Plan {
  const { scenario, allocation, image, cni, distribution, manifests } = inputs;
  const nodes = planNodes(scenario, allocation);
  // A controller of k0s that is nothing else has no kubelet.
  const isNode = ({ role }: PlanNode): boolean =>
    scenario.nodes.controllerRole !== 'controller' || role === 'worker';
  const archives = inputs.archives ?? [];
  const base = {
    scenario,
    allocation,
    nodes: nodes.filter(isNode),
    controllers: nodes.filter((node) => !isNode(node)),
    archives,
    image,
    host: inputs.host,
    binary: inputs.binary ?? null,
    snaps: inputs.snaps ?? [],
  };
  const context: PlanContext = { ...base, filesBefore: (node) => cni.filesBefore(base, node) };
  const { makes } = CAPABILITIES[scenario.provider];
  const launched = new Map(
    nodes.map((node) => [node.name, makes === 'clusters' ? 'launch/network' : `launch/${node.shortName}`]),
  );
  const bootstrap = distribution.bootstrap(context, launched);
  const loads = bootstrap.bringsArchives
    ? []
    : loadSteps(context.nodes, archives, (node) => bootstrap.preparedStep(node));
  const loaded = loads.map(({ id }) => id);
  const own = ownWorkloads(inputs.ownManifests, context.nodes);
  // A pod whose image is not there yet is tried again after ten seconds only.
  const afterLoads = (step: Step): Step =>
    step.actions.some(({ kind }) => kind === 'apply') ? { ...step, needs: [...step.needs, ...loaded] } : step;
  const cniSteps = cni.steps(context, bootstrap).map(afterLoads);
  // Where no pod runs before a node has joined, or has its network, a wait for pods must not end before that and hide what is missing.
  const isLate = cni.isMadeOfPods === true || context.controllers.length > 0;
  const readyNode = isLate ? `network/${context.nodes[0]?.shortName}` : null;
  const workloads = [...workloadSteps(context, manifests, bootstrap.apiStep), ...own.steps]
    .map(afterLoads)
    .map((step) =>
      step.phase === 'ready' && readyNode !== null && !step.needs.includes(readyNode)
        ? { ...step, needs: [...step.needs, readyNode] }
        : step,
    );
  const ourChecks = checkSteps(context, own);
  const checks = [...ourChecks, ...ownTestSteps(scenario.tests, ourChecks)];
  const steps = [
    ...launchSteps(inputs, nodes),
    ...bootstrap.steps,
    ...loads,
    ...cniSteps,
    ...workloads,
    ...checks,
  ];
  return {
    allocation,
    scenario,
    image,
    nodes,
    steps,
    checks: checks.flatMap((step) =>
      step.actions.flatMap((action) => (action.kind === 'check' ? [action.check] : [])),
    ),
  };
}
