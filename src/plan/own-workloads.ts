import { stringify } from 'yaml';
import { familyWord, type PlannedCheck, type RequestOrigin } from '../checks/planned-check.ts';
import { uniqueNames, withoutFamilyWords } from '../scenario/own-test-names.ts';
import type { Manifest, ManifestObject, ManifestService } from '../scenario/manifest.ts';
import type { PlanNode, Step, WorkloadKind } from './plan.ts';

/** What becomes of the user's manifests: steps that deploy them and wait, and the checks of their Services. */
export interface OwnWorkloads {
  readonly steps: readonly Step[];
  readonly checks: readonly PlannedCheck[];
}

/** What the API server did not take by then it will not take: it is up when the first manifest comes. */
const APPLY_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 120_000;
const CHECK_TIMEOUT_MS = 30_000;

const AWAITED: readonly string[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'Pod',
] satisfies WorkloadKind[];

/** The plan for the user's manifests; each is applied when ours was taken, so that the API server is ready for objects. */
export function ownWorkloads(manifests: readonly Manifest[], nodes: readonly PlanNode[]): OwnWorkloads {
  const services = manifests.flatMap((manifest) => manifest.services);
  const names = uniqueNames(services.map(checkSubject));
  return {
    steps: manifests.flatMap(manifestSteps),
    checks: services.flatMap((service, index) => serviceChecks(service, names[index] ?? '', nodes)),
  };
}

function manifestSteps({ path, sha256, objects, services }: Manifest, index: number): Step[] {
  const id = `manifest-${index + 1}`;
  // Its texts are the user's: YAML of our own making, so that it is read once, and as kubectl reads it.
  const manifest = objects.map(({ content }) => stringify(content)).join('---\n');
  const apply: Step = {
    id: `apply/${id}`,
    phase: 'apply',
    title: `apply ${path}`,
    needs: ['apply/probe'],
    actions: [{ kind: 'apply', name: path, manifest, timeoutMs: APPLY_TIMEOUT_MS, sha256 }],
  };
  const waitFor = ({ kind, namespace, name }: ManifestObject): Step => ({
    id: `ready/${id}/${kind}/${namespace}/${name}`,
    phase: 'ready',
    title: `wait for ${kind} ${name}`,
    needs: [apply.id],
    actions: [
      {
        kind: 'wait',
        condition: { type: 'workload-ready', kind: kind as WorkloadKind, namespace, name },
        timeoutMs: READY_TIMEOUT_MS,
      },
    ],
  });
  const waitForEndpoints = ({ namespace, name, families }: ManifestService): Step => ({
    id: `ready/${id}/Service/${namespace}/${name}`,
    phase: 'ready',
    title: `wait for ready endpoints of ${name}`,
    needs: [apply.id],
    actions: [
      {
        kind: 'wait',
        condition: { type: 'service-ready', namespace, name, families },
        timeoutMs: READY_TIMEOUT_MS,
      },
    ],
  });
  const awaited = objects.filter(({ kind }) => AWAITED.includes(kind));
  return [apply, ...awaited.map(waitFor), ...services.map(waitForEndpoints)];
}

/** `web`, or `web.shop` for one of the namespace `shop`: as a part of a check's id. */
function checkSubject({ name, namespace }: ManifestService): string {
  return withoutFamilyWords(namespace === 'default' ? name : `${name}.${namespace}`);
}

function serviceChecks(
  service: ManifestService,
  subject: string,
  nodes: readonly PlanNode[],
): PlannedCheck[] {
  const { name, namespace, families, hasClusterIP, port, http } = service;
  const origins: { path: string; from: RequestOrigin }[] = nodes.map(({ name: node, shortName }) => ({
    path: `from-pod/${shortName}`,
    from: { kind: 'pod', node },
  }));
  const [first] = nodes;
  if (first !== undefined) origins.unshift({ path: 'from-node', from: { kind: 'node', node: first.name } });
  return families.flatMap((family): PlannedCheck[] => {
    const word = familyWord(family);
    const base = { namespace, service: name, family, timeoutMs: CHECK_TIMEOUT_MS };
    const asked = hasClusterIP && port !== null ? origins : [];
    return [
      { type: 'endpoint-slice', id: `endpointslice/${subject}/${word}/ready-endpoints`, ...base },
      ...asked.map(({ path, from }): PlannedCheck => {
        const request = { port: port ?? 0, http, from };
        return { type: 'service-port', id: `service/${subject}/${word}/${path}`, ...base, ...request };
      }),
    ];
  });
}
