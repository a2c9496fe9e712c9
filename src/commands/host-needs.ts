import { cgroupVersionOf } from '../host/cgroup-settings.ts';
import type { HostReadiness } from './prepare-host.ts';
import type { HostNeeds } from '../host/findings/host-state.ts';
import type { PlanHost } from '../plan/plan.ts';
import { installsSnap } from '../scenario/installation.ts';
import { modulesToLoad } from '../host/kernel-modules.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** What a scenario asks of the host that it runs on. */
export function hostNeedsOf(scenario: Scenario): HostNeeds {
  const { families, pods, services } = scenario.network;
  const named = (ranges: readonly string[], use: string): HostNeeds['ranges'] =>
    ranges.map((range) => ({ range, use }));
  return {
    provider: scenario.provider,
    nodes: scenario.nodes.controlPlanes + scenario.nodes.workers,
    egress: scenario.egress,
    families,
    snap: installsSnap(scenario),
    vxlan: scenario.cni.mode === 'vxlan',
    ranges: [...named(pods, 'pod range'), ...named(services, 'service range')],
  };
}

/** What a plan takes from what was found out about the host. */
export function planHostOf({ facts, forward }: Pick<HostReadiness, 'facts' | 'forward'>): PlanHost {
  const families = ['IPv4', 'IPv6'] as const;
  return {
    cgroupVersion: cgroupVersionOf(facts.cgroup),
    // Only root can add rules; for everybody else the preflight saw to it, or refused.
    kernelModules: modulesToLoad(facts.snapModules),
    dropped: facts.root ? families.filter((family) => forward[family] === 'drops') : [],
  };
}

/** The image's import tells of the pool that was really used. */
const TOLD_LATER = ['storage'];

/** What the run's reader should know of the host: findings that may be the reason of what goes wrong later. */
export function warningsOf({ findings }: Pick<HostReadiness, 'findings'>): string[] {
  return findings
    .filter(({ severity, id }) => severity === 'warning' && !TOLD_LATER.includes(id))
    .map(({ cause, consequence }) => `${cause}: ${consequence ?? ''}`);
}
