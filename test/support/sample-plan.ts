import { readFileSync } from 'node:fs';
import { bridge } from '../../src/cni/bridge.ts';
import { cniOf, distributionOf } from '../../src/commands/plan-parts.ts';
import type { InstalledManifest } from '../../src/cni/manifest-cni.ts';
import { kubeadm } from '../../src/distributions/kubeadm.ts';
import { assemblePlan, type PlanParts } from '../../src/plan/assemble-plan.ts';
import { sampleInputs } from '../../src/plan/sample-inputs.ts';
import type { PlannedProgram } from '../../src/distributions/distribution.ts';
import type { ImageArchive } from '../../src/images/archive/image-archive.ts';
import type { ForeignImage } from '../../src/images/foreign-image.ts';
import type { NodeFile } from '../../src/providers/provider.ts';
import type { Action, Plan, PlanHost } from '../../src/plan/plan.ts';
import type { Manifest } from '../../src/scenario/manifest.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';

export const SAMPLE_RUN = 'k7f3q2';

function manifest(name: string): string {
  return readFileSync(new URL(`../../templates/manifests/${name}.yaml`, import.meta.url), 'utf8');
}

/** What a plan of the first distribution is made of beside its scenario. */
export const SAMPLE_PARTS: PlanParts = {
  storagePool: 'twinstack',
  manifests: { nginxdualstack: manifest('nginxdualstack'), probe: manifest('probe') },
  ownManifests: [],
  distribution: kubeadm,
  cni: bridge,
  host: { cgroupVersion: 1, dropped: [], kernelModules: [] },
};

/** The plan that `plan` would print, with the manifests that are shipped. */
export function samplePlan(
  scenario: Scenario,
  {
    ownManifests = [],
    foreign = null,
    binary = null,
    archives = [],
    installed = null,
    ...host
  }: Partial<PlanHost> & {
    readonly binary?: PlannedProgram | null;
    readonly archives?: readonly ImageArchive[];
    readonly ownManifests?: readonly Manifest[];
    readonly foreign?: ForeignImage | null;
    readonly installed?: InstalledManifest | null;
  } = {},
): Plan {
  return assemblePlan({
    scenario,
    ...sampleInputs(scenario, SAMPLE_RUN, foreign),
    ...SAMPLE_PARTS,
    ownManifests,
    binary,
    archives,
    distribution: distributionOf(scenario),
    cni: cniOf(scenario, installed),
    host: { ...SAMPLE_PARTS.host, ...host },
  });
}

export function actionsOf(plan: Plan): Action[] {
  return plan.steps.flatMap((step) => step.actions);
}

/** The last content that a plan writes to a node's file, as the node will have it but for values of the run. */
export function fileOf(plan: Plan, node: string, path: string): NodeFile {
  const files = actionsOf(plan).flatMap((action) =>
    action.kind === 'write-files' && action.node.endsWith(node) ? action.files : [],
  );
  const found = files.findLast((file) => file.path === path);
  if (found === undefined) throw new Error(`the plan writes no ${path} on ${node}`);
  return found;
}
