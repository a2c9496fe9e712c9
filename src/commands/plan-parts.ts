import { readManifests } from './shipped-scenarios.ts';
import { distributionNetwork } from '../cni/distribution-network.ts';
import { bridge } from '../cni/bridge.ts';
import { flannel } from '../cni/flannel.ts';
import { k0s } from '../distributions/k0s.ts';
import { isK0sNetwork } from '../distributions/k0s-config.ts';
import { manifestCnis } from '../cni/manifest-cnis.ts';
import type { InstalledManifest } from '../cni/manifest-cni.ts';
import { k8sSnap } from '../distributions/k8s-snap.ts';
import { kindCluster } from '../distributions/kind-cluster.ts';
import { kubeadm } from '../distributions/kubeadm.ts';
import { STORAGE_POOL } from '../providers/lxc/lxc-cache.ts';
import type { Cni } from '../cni/cni.ts';
import type { Distribution } from '../distributions/distribution.ts';
import type { PlanParts } from '../plan/assemble-plan.ts';
import type { PlanHost } from '../plan/plan.ts';
import type { Manifest } from '../scenario/manifest.ts';
import { CAPABILITIES } from '../scenario/provider-capabilities.ts';
import type { Scenario } from '../scenario/scenario.ts';

const DISTRIBUTIONS: readonly Distribution[] = [kubeadm, k0s, k8sSnap];

/** The distribution that a scenario names. */
export function distributionOf({ distribution, provider }: Scenario): Distribution {
  if (CAPABILITIES[provider].makes === 'clusters') return kindCluster;
  const found = DISTRIBUTIONS.find(({ name }) => name === distribution.name);
  if (found === undefined) throw new Error(`nothing implements ${distribution.name}`);
  return found;
}

/** What gives pods their addresses: the plugin that a scenario names, or the distribution itself. */
export function cniOf(scenario: Scenario, installed: InstalledManifest | null): Cni {
  const { distribution, cni } = scenario;
  if (distribution.name === 'k0s' && isK0sNetwork(scenario)) return distributionNetwork;
  const kindnet = { ...distributionNetwork, name: 'kindnet' };
  const cnis = [bridge, flannel, distributionNetwork, kindnet, ...manifestCnis(installed)];
  const found = cnis.find(({ name }) => name === cni.name);
  if (found === undefined) throw new Error(`nothing implements ${cni.name}`);
  return found;
}

/** The parts that a scenario names; what is not there yet was refused by the rule `not-yet`. */
export async function planParts(
  scenario: Scenario,
  ownManifests: readonly Manifest[],
  host: PlanHost,
  installed: InstalledManifest | null = null,
): Promise<PlanParts> {
  return {
    distribution: distributionOf(scenario),
    cni: cniOf(scenario, installed),
    manifests: await readManifests(),
    ownManifests,
    storagePool: STORAGE_POOL,
    host,
  };
}
