import { readManifests } from './shipped-scenarios.ts';
import { distributionNetwork } from '../cni/distribution-network.ts';
import { bridge } from '../cni/bridge.ts';
import { k8sSnap } from '../distributions/k8s-snap.ts';
import { kubeadm } from '../distributions/kubeadm.ts';
import { STORAGE_POOL } from '../providers/lxd/lxd-cache.ts';
import type { PlanParts } from '../plan/assemble-plan.ts';
import type { PlanHost } from '../plan/plan.ts';
import type { Manifest } from '../scenario/manifest.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** The parts that a scenario names; what is not there yet was refused by the rule `not-yet`. */
export async function planParts(
  scenario: Scenario,
  ownManifests: readonly Manifest[],
  host: PlanHost,
): Promise<PlanParts> {
  const distribution = [kubeadm, k8sSnap].find(({ name }) => name === scenario.distribution.name);
  const cni = [bridge, distributionNetwork].find(({ name }) => name === scenario.cni.name);
  if (distribution === undefined || cni === undefined) {
    throw new Error(`nothing implements ${scenario.distribution.name} with ${scenario.cni.name}`);
  }
  return {
    distribution,
    cni,
    manifests: await readManifests(),
    ownManifests,
    storagePool: STORAGE_POOL,
    host,
  };
}
