import { chooseNodeNetwork, NodeNetworkError, readUsedRange } from '../network/choose-node-network.ts';
import type { NodeNetworkRequest, UsedRange } from '../network/choose-node-network.ts';
import { overlaps } from '../network/cidr.ts';

/** What a run takes of its host. */
export interface RunNeeds extends Pick<NodeNetworkRequest, 'families' | 'pods' | 'services'> {
  readonly nodes: number;
  /** Node ranges that the scenario writes; null is chosen free. */
  readonly bridge: NodeNetworkRequest['written'];
}

/**
 * A run of this call that has not ended. `preparing`: it may still set up the host or build and unpack the node image. `growing`:
 * what it needs does not show in the host's figures yet. `grown`: it does.
 */
export interface ActiveRun {
  readonly label: string;
  readonly stage: 'preparing' | 'growing' | 'grown';
  readonly needs: RunNeeds;
  /** The node ranges that it has chosen; empty before. */
  readonly ranges: readonly string[];
}

/** What the host has left; null is not known, and does not stop anything. */
export interface HostResources {
  readonly memoryAvailableBytes: number | null;
  readonly memoryTotalBytes: number | null;
  /** Where it is shorter: in the storage pool, or where the pool and the caches lie. */
  readonly diskFreeBytes: number | null;
  readonly used: readonly UsedRange[] | null;
}

/** What a run may be short of; `image` is the node image that another run is preparing. */
export type Shortage = 'image' | 'memory' | 'disk' | 'address-space';

/** Whether a run may begin. */
export type Admission =
  | { readonly verdict: 'admit'; readonly warning: string | null }
  /** A run that is active has it. */
  | { readonly verdict: 'wait'; readonly short: Shortage; readonly why: string }
  /** Not on this host, whatever ends. */
  | { readonly verdict: 'never'; readonly short: Shortage; readonly why: string };

const GIB = 1024 ** 3;
/** What is left free for a node, so that a test has room in it too. */
export const NODE_MEMORY_BYTES = 1.5 * GIB;
/** A control plane was seen to take 1.1 GiB with its page cache and half of that without, a worker less. */
export const LEAST_NODE_MEMORY_BYTES = 0.75 * GIB;
/** What a node writes in a run; with the storage driver dir it also has its own copy of the image. */
export const NODE_DISK_BYTES = GIB;

const gib = (bytes: number): string => `${(Math.max(0, bytes) / GIB).toFixed(1)} GiB`;

/** Decides whether a run may begin beside those that are active. Pure but for `randomBytes`, which only picks among what is free. */
export function decideAdmission(
  needs: RunNeeds,
  active: readonly ActiveRun[],
  host: HostResources,
  randomBytes: NodeNetworkRequest['randomBytes'],
): Admission {
  const preparing = active.find(({ stage }) => stage === 'preparing');
  const least = needs.nodes * LEAST_NODE_MEMORY_BYTES;
  if (host.memoryTotalBytes !== null && host.memoryTotalBytes < least) {
    const why = `its ${needs.nodes} nodes need ${gib(least)} of memory at the least, and this host has ${gib(host.memoryTotalBytes)} in all`;
    return { verdict: 'never', short: 'memory', why };
  }
  if (preparing !== undefined) {
    const why = `${preparing.label} prepares the host and the node image`;
    return { verdict: 'wait', short: 'image', why };
  }
  const memory = shortOf('memory', needs, active, host.memoryAvailableBytes, NODE_MEMORY_BYTES);
  // Alone it may begin: what other programs take is theirs to give, and a run of one scenario would begin too.
  if (memory !== null && active.length > 0) return { verdict: 'wait', short: 'memory', why: memory };
  const disk = shortOf('disk', needs, active, host.diskFreeBytes, NODE_DISK_BYTES);
  if (disk !== null) return { verdict: active.length > 0 ? 'wait' : 'never', short: 'disk', why: disk };
  return addressSpace(needs, active, host.used, randomBytes) ?? { verdict: 'admit', warning: memory };
}

/** What is wrong when less is free than this run and those that still grow will take; else null. */
function shortOf(
  what: 'memory' | 'disk',
  { nodes }: RunNeeds,
  active: readonly ActiveRun[],
  free: number | null,
  perNode: number,
): string | null {
  const growing = active.filter(({ stage }) => stage !== 'grown');
  const promised = growing.reduce((sum, run) => sum + run.needs.nodes * perNode, 0);
  const needed = nodes * perNode;
  if (free === null || free - promised >= needed) return null;
  if (promised === 0)
    return `${what} is short: it needs ${gib(needed)}, and there are ${gib(free)} available`;
  const whom = growing.map(({ label }) => label).join(', ');
  return `${what} is short: it needs ${gib(needed)}, and of ${gib(free)} available ${gib(promised)} are promised to ${whom}`;
}

/** Null when there is a free node range of each family, those counted that active runs have yet to choose. */
function addressSpace(
  needs: RunNeeds,
  active: readonly ActiveRun[],
  used: readonly UsedRange[] | null,
  randomBytes: NodeNetworkRequest['randomBytes'],
): Admission | null {
  if (used === null) return null;
  const choose = (run: RunNeeds, taken: readonly UsedRange[]): string[] => {
    const chosen = chooseNodeNetwork({ ...run, written: run.bridge, used: taken, randomBytes });
    return [chosen.IPv4, chosen.IPv6].filter((range) => range !== null);
  };
  const ours = active.flatMap(({ ranges, label }) => ranges.map((range) => ({ range, usedBy: label })));
  try {
    choose(needs, without(used, ours));
  } catch (error) {
    if (!(error instanceof NodeNetworkError)) throw error;
    return { verdict: 'never', short: 'address-space', why: error.message };
  }
  try {
    const taken = [...used, ...ours];
    for (const run of active.filter(({ ranges }) => ranges.length === 0)) {
      taken.push(...choose(run.needs, taken).map((range) => ({ range, usedBy: run.label })));
    }
    choose(needs, taken);
    return null;
  } catch (error) {
    if (!(error instanceof NodeNetworkError)) throw error;
    return { verdict: 'wait', short: 'address-space', why: `address space is short: ${error.message}` };
  }
}

/** What others use: a network of ours shows as a route, an interface and a network of the engine. */
function without(used: readonly UsedRange[], ours: readonly UsedRange[]): UsedRange[] {
  const mine = ours.map(readUsedRange).filter((cidr) => cidr !== null);
  return used.filter((other) => {
    const cidr = readUsedRange(other);
    return cidr === null || !mine.some((own) => overlaps(own, cidr));
  });
}
