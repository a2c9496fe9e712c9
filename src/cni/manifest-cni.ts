import { stringify } from 'yaml';
import type { Cni } from './cni.ts';
import { podCIDRsStep } from './pod-cidrs.ts';
import type { BootstrapSteps, PlanContext } from '../distributions/distribution.ts';
import type { Step, WorkloadRef } from '../plan/plan.ts';
import type { Manifest, ManifestObject } from '../scenario/manifest.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** With images to pull; a definition of an own kind takes the API server a moment, and its objects wait for it. */
const APPLY_TIMEOUT_MS = 60_000;
/** The plugin's images may have to be pulled, by every node. */
const READY_TIMEOUT_MS = 4 * 60_000;

const APPLY_STEP = 'network/apply';

/** What runs the plugin: its pods are what a node that is not Ready waits for. */
function workloadsOf(objects: readonly ManifestObject[]): WorkloadRef[] {
  return objects.flatMap(({ kind, namespace, name }) =>
    kind === 'DaemonSet' || kind === 'Deployment' ? [{ kind, namespace, name }] : [],
  );
}

function waitSteps(
  context: PlanContext,
  bootstrap: BootstrapSteps,
  objects: readonly ManifestObject[],
): Step[] {
  const podCIDRs = podCIDRsStep(context, bootstrap);
  const ready = context.nodes.map(({ name, shortName }): Step => ({
    id: `network/${shortName}`,
    phase: 'network',
    title: `wait for the network on ${name}`,
    needs: [APPLY_STEP, podCIDRs.id, ...bootstrap.joinedSteps.filter((id) => id === `join/${shortName}`)],
    actions: [
      {
        kind: 'wait',
        condition: { type: 'nodes-ready', nodes: [name], waitsFor: workloadsOf(objects) },
        timeoutMs: READY_TIMEOUT_MS,
      },
    ],
  }));
  return [podCIDRs, ...ready];
}

/** A manifest as it is applied. */
export interface InstalledManifest extends Pick<Manifest, 'path' | 'sha256' | 'objects'> {
  /** What a Helm chart was rendered with, as YAML; null where there was none. */
  readonly values: string | null;
}

/**
 * A network plugin that a manifest installs: applied as soon as the API server answers and the archives of images are loaded; nodes are
 * ready when it works.
 * @param change what the scenario's parameters make of its objects.
 */
export function manifestCni(
  name: Cni['name'],
  { path, sha256, objects: written, values }: InstalledManifest,
  change: (objects: readonly ManifestObject[], scenario: Scenario) => readonly ManifestObject[] = (objects) =>
    objects,
): Cni {
  return {
    name,
    isMadeOfPods: true,
    filesBefore: () => [],
    steps(context, bootstrap) {
      const objects = change(written, context.scenario);
      // YAML of our own making, so that it is read once, and as kubectl reads it.
      const manifest = objects.map(({ content }) => stringify(content, { lineWidth: 0 })).join('---\n');
      const apply: Step = {
        id: APPLY_STEP,
        phase: 'network',
        title: `install ${name} from ${path}`,
        needs: [bootstrap.apiStep],
        actions: [
          {
            kind: 'apply',
            name: path,
            manifest,
            timeoutMs: APPLY_TIMEOUT_MS,
            sha256,
            ...(values === null ? {} : { values }),
          },
        ],
      };
      return [apply, ...waitSteps(context, bootstrap, objects)];
    },
  };
}
