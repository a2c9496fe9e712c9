import { CAPABILITIES } from '../../scenario/provider-capabilities.ts';
import { egressByRoot } from './egress.ts';
import { deadRuns } from './leftovers.ts';
import { capSysResource, cgroup, modules, snapModules, vxlanModule } from './kernel.ts';
import { bridgeNetfilter, forwardPolicy, ipv6, port53, routes } from './network.ts';
import { clock, disk, engineDisk, inotify, memory, storage } from './resources.ts';
import { architecture, daemon, go, packages } from './software.ts';
import type { Finding } from './finding.ts';
import type { HostState } from './host-state.ts';

type Judge = (state: HostState) => Finding;

/** What is looked at, under the headings of `doctor`; in the order in which it is put right. */
const GROUPS: readonly { readonly title: string; readonly judges: readonly Judge[] }[] = [
  { title: 'Programs', judges: [architecture, packages, daemon, go] },
  { title: 'Resources', judges: [storage, disk, memory, inotify, clock] },
  { title: 'Kernel', judges: [cgroup, capSysResource, modules, snapModules, vxlanModule] },
  { title: 'Network', judges: [ipv6, bridgeNetfilter, forwardPolicy, port53, routes] },
  { title: 'Leftovers', judges: [deadRuns] },
];

/** The same where kind makes the nodes of containers. */
const OF_CLUSTERS: typeof GROUPS = [
  { title: 'Programs', judges: [architecture, packages, daemon, go] },
  { title: 'Resources', judges: [engineDisk, disk, memory, inotify, clock] },
  { title: 'Kernel', judges: [cgroup, modules, vxlanModule] },
  { title: 'Network', judges: [ipv6, bridgeNetfilter, forwardPolicy, egressByRoot, routes] },
  { title: 'Leftovers', judges: [deadRuns] },
];

/** Findings with the headings under which people read them. */
export function findingGroups(state: HostState): { title: string; findings: Finding[] }[] {
  const groups = CAPABILITIES[state.needs.provider].makes === 'clusters' ? OF_CLUSTERS : GROUPS;
  return groups.map(({ title, judges }) => ({ title, findings: judges.map((judge) => judge(state)) }));
}

/** Everything that stops or hinders a run here, in the order in which it is put right. Pure. */
export function findingsOf(state: HostState): Finding[] {
  return findingGroups(state).flatMap(({ findings }) => findings);
}
