import { renderTemplate } from './render-template.ts';
import type { PlanContext } from '../distributions/distribution.ts';
import { familyWord, type PlannedCheck, type RequestOrigin } from '../checks/planned-check.ts';
import type { OwnWorkloads } from './own-workloads.ts';
import type { Step } from './plan.ts';
import type { PlannedImage } from './planned-image.ts';
import type { IPFamily } from '../scenario/scenario.ts';

/** The manifests as text, by file name without ending: read from `templates/manifests` by the caller. */
export type Manifests = Readonly<Record<'nginxdualstack' | 'probe', string>>;

const NAMESPACE = 'default';
const SERVICE = 'nginx-dualstack';
const APPLY_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 120_000;
const SERVICE_CHECK_TIMEOUT_MS = 30_000;
const OBJECT_CHECK_TIMEOUT_MS = 30_000;

/** Applies the workload and the probes, and waits for both. */
export function workloadSteps(context: PlanContext, manifests: Manifests, apiStep: string): Step[] {
  const { families } = context.scenario.network;
  const values = new Map([
    ['image.nginxdualstack', context.image.images.nginxdualstack],
    ['image.probe', context.image.images.probe],
    ['service.ipFamilyPolicy', families.length === 2 ? 'RequireDualStack' : 'SingleStack'],
    ['service.ipFamilies', JSON.stringify(families)],
  ]);
  const apply = (name: keyof Manifests): Step => ({
    id: `apply/${name}`,
    phase: 'apply',
    title: `apply ${name}`,
    needs: [apiStep],
    actions: [
      { kind: 'apply', name, manifest: renderTemplate(manifests[name], values), timeoutMs: APPLY_TIMEOUT_MS },
    ],
  });
  const nginx: Step[] = [
    apply('nginxdualstack'),
    {
      id: 'ready/service',
      phase: 'ready',
      title: `wait for ready endpoints of ${SERVICE}`,
      needs: ['apply/nginxdualstack'],
      actions: [
        {
          kind: 'wait',
          condition: { type: 'service-ready', namespace: NAMESPACE, name: SERVICE, families },
          timeoutMs: READY_TIMEOUT_MS,
        },
      ],
    },
  ];
  return [
    ...(deploysNginx(context) ? nginx : []),
    apply('probe'),
    {
      id: 'ready/nodes',
      phase: 'ready',
      title: 'wait for every node and its probe',
      needs: ['apply/probe', ...context.nodes.map((node) => `network/${node.shortName}`)],
      actions: [
        {
          kind: 'wait',
          condition: { type: 'nodes-ready', nodes: context.nodes.map((node) => node.name) },
          timeoutMs: READY_TIMEOUT_MS,
        },
        {
          kind: 'wait',
          condition: { type: 'daemonset-ready', namespace: NAMESPACE, name: 'twinstack-probe' },
          timeoutMs: READY_TIMEOUT_MS,
        },
      ],
    },
  ];
}

function deploysNginx({ scenario }: PlanContext): boolean {
  return scenario.workloads.includes('nginxdualstack');
}

function serviceCheck(
  { nginxBody, foreign }: PlannedImage,
  family: IPFamily,
  path: string,
  from: RequestOrigin,
): PlannedCheck {
  return {
    type: 'service-http',
    id: `service/${SERVICE}/${familyWord(family)}/${path}`,
    timeoutMs: SERVICE_CHECK_TIMEOUT_MS,
    namespace: NAMESPACE,
    service: SERVICE,
    family,
    from,
    expectBody: nginxBody,
    // The upstream page does not say who asked.
    ...(foreign === null ? {} : { tellsClient: false }),
  };
}

function nginxChecks(family: IPFamily): PlannedCheck[] {
  const word = familyWord(family);
  const timeoutMs = OBJECT_CHECK_TIMEOUT_MS;
  return [
    {
      type: 'pod-ip',
      id: `pod/nginxdualstack/${word}/pod-ip`,
      timeoutMs,
      namespace: NAMESPACE,
      labelSelector: 'run=nginxdualstack',
      family,
    },
    {
      type: 'endpoint-slice',
      id: `endpointslice/${SERVICE}/${word}/ready-endpoints`,
      timeoutMs,
      namespace: NAMESPACE,
      service: SERVICE,
      family,
    },
  ];
}

function objectChecks(context: PlanContext): PlannedCheck[] {
  const { nodes, scenario } = context;
  const { families } = scenario.network;
  const timeoutMs = OBJECT_CHECK_TIMEOUT_MS;
  return [
    ...families.flatMap((family): PlannedCheck[] => {
      const word = familyWord(family);
      return [
        ...nodes.flatMap((node): PlannedCheck[] => [
          {
            type: 'node-internal-ip',
            id: `node/${node.shortName}/${word}/internal-ip`,
            timeoutMs,
            node: node.name,
            family,
          },
          // A distribution's own network may give pods their addresses without the nodes' ranges.
          ...(scenario.cni.name === 'distribution'
            ? []
            : [
                {
                  type: 'node-pod-cidr',
                  id: `node/${node.shortName}/${word}/pod-cidr`,
                  timeoutMs,
                  node: node.name,
                  family,
                } as const,
              ]),
        ]),
        ...(deploysNginx(context) ? nginxChecks(family) : []),
      ];
    }),
    { type: 'pods-ready', id: 'pods/all/both/ready', timeoutMs: READY_TIMEOUT_MS },
  ];
}

/** The checks as steps: what a node can ask starts as soon as the service has endpoints, the rest when every node is ready. */
export function checkSteps(context: PlanContext, own: OwnWorkloads): Step[] {
  const { nodes, scenario, allocation, image } = context;
  const { families } = scenario.network;
  const first = nodes[0];
  if (first === undefined) throw new Error('a plan has at least one node');
  const step = (check: PlannedCheck, needs: readonly string[]): Step => ({
    id: `verify/${check.id}`,
    phase: 'verify',
    title: check.id,
    needs,
    actions: [{ kind: 'check', check }],
  });
  const nginx = deploysNginx(context);
  const all = [...(nginx ? ['ready/service'] : []), ...own.steps.map(({ id }) => id), 'ready/nodes'];
  const egress = (family: IPFamily): PlannedCheck[] => {
    const gateway = allocation.ranges.find((range) => range.family === family)?.gateway;
    if (scenario.egress !== 'blocked' || gateway === undefined) return [];
    return [
      {
        type: 'egress-blocked',
        id: `egress/lab/${familyWord(family)}/blocked`,
        timeoutMs: OBJECT_CHECK_TIMEOUT_MS,
        node: first.name,
        family,
        gateway,
      },
    ];
  };
  return [
    ...(nginx ? families : []).map((family) =>
      step(serviceCheck(image, family, 'from-node', { kind: 'node', node: first.name }), ['ready/service']),
    ),
    ...(nginx ? nodes : []).flatMap((node) =>
      families.map((family) =>
        step(
          serviceCheck(image, family, `from-pod/${node.shortName}`, { kind: 'pod', node: node.name }),
          all,
        ),
      ),
    ),
    ...own.checks.map((check) => step(check, all)),
    ...objectChecks(context).map((check) => step(check, all)),
    ...families.flatMap((family) => egress(family).map((check) => step(check, all))),
  ];
}
