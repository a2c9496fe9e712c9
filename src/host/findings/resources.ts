import { ok, problem, type Finding, type SetupCommand } from './finding.ts';
import type { HostState } from './host-state.ts';

const GIB = 1024 ** 3;
const NODE_MEMORY_BYTES = 1.5 * GIB;
const RUN_DISK_BYTES = 4 * GIB;
/** What a node writes into the pool, seen: 1.2 GB with its pods. */
const NODE_DISK_BYTES = 2 * GIB;
/** One node takes about 40 inotify instances; 512 is room for ten. */
const INOTIFY_INSTANCES = 512;
const INOTIFY_INSTANCES_SETTING = 1024;
/** A kubelet watches every volume and log of its pods; Kubernetes' own set-ups ask for this many or more. */
const INOTIFY_WATCHES = 65_536;
const INOTIFY_WATCHES_SETTING = 524_288;
/** Before this day there was no program to run: such a clock is wrong. */
const RELEASED = Date.parse('2026-11-01T00:00:00Z');

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

/** The storage pool's driver, and the room in it. */
export function storage({ engine, facts, needs }: HostState): Finding {
  const { storageDriver: driver, storageFreeBytes: free } = engine;
  const needed = NODE_DISK_BYTES * needs.nodes;
  if (driver !== null && free !== null && free < needed) {
    return problem('storage', 'blocker', {
      cause: `${gib(free)} free in our storage pool, ${gib(needed)} needed for ${needs.nodes} node(s)`,
      consequence: 'nodes run out of disk',
      advice: 'Remove kept runs (`ps`, `down`) or the images in the pool (`gc --caches`).',
    });
  }
  if (driver === 'dir' || (driver === null && !facts.programs.has('mkfs.btrfs'))) {
    return problem('storage', 'warning', {
      cause: driver === 'dir' ? 'our storage pool uses dir' : 'btrfs-progs is not installed',
      consequence: 'the storage pool copies the image for each node: 3 to 6 s more',
      advice:
        driver === 'dir'
          ? 'Where the kernel has btrfs: install btrfs-progs, then `gc --caches`; the next run makes the pool anew.'
          : 'Install btrfs-progs before the first run.',
    });
  }
  if (driver === null) return ok('storage', 'the storage pool will use btrfs if the kernel has it, else dir');
  return ok('storage', `our storage pool uses ${driver}${free === null ? '' : `, ${gib(free)} free`}`);
}

/** The room where a container engine keeps nodes: on a disk that others fill too. */
export function engineDisk({ engine: { storageFreeBytes: free }, needs }: HostState): Finding {
  const needed = NODE_DISK_BYTES * needs.nodes;
  if (free === null || free >= needed)
    return ok(
      'storage',
      `${free === null ? 'unknown' : gib(free)} free where the container engine keeps nodes`,
    );
  return problem('storage', 'blocker', {
    cause: `${gib(free)} free where the container engine keeps nodes, ${gib(needed)} needed for ${needs.nodes} node(s)`,
    consequence: 'nodes run out of disk',
    advice:
      'Remove kept runs (`ps`, `down`), our images there (`gc --caches`), or what else the engine keeps.',
  });
}

/** The room on the disks of cache and pool. */
export function disk({ facts, build }: HostState): Finding {
  const places = [
    {
      free: facts.cacheFreeBytes ?? Infinity,
      needed: build?.diskBytes ?? 0,
      what: 'the node image can not be built',
    },
    { free: facts.poolFreeBytes ?? Infinity, needed: RUN_DISK_BYTES, what: 'nodes run out of disk' },
  ];
  const short = places.find(({ free, needed }) => free < needed);
  if (short === undefined) {
    const free = Math.min(...places.map((place) => place.free));
    return ok('disk', `${Number.isFinite(free) ? gib(free) : 'enough'} free`);
  }
  return problem('disk', 'blocker', {
    cause: `${gib(short.free)} free, ${gib(short.needed)} needed`,
    consequence: short.what,
    advice: 'Make room, or set XDG_CACHE_HOME to another disk.',
  });
}

/** The memory for the nodes asked for. */
export function memory({ facts, needs: { nodes } }: HostState): Finding {
  const available = facts.memoryAvailableBytes;
  const needed = NODE_MEMORY_BYTES * nodes;
  if (available === null || available >= needed) {
    return ok('memory', `${available === null ? 'unknown' : gib(available)} available for ${nodes} node(s)`);
  }
  return problem('memory', 'warning', {
    cause: `${gib(available)} available, ${gib(needed)} advised for ${nodes} node(s)`,
    consequence: 'a node may be killed for want of memory',
    advice: 'Close something large, or ask for fewer workers.',
  });
}

/** The kernel's limits on inotify, which all nodes share. */
export function inotify({ facts }: HostState): Finding {
  const limits = [
    {
      key: 'max_user_instances',
      seen: facts.inotifyInstances,
      least: INOTIFY_INSTANCES,
      set: INOTIFY_INSTANCES_SETTING,
    },
    {
      key: 'max_user_watches',
      seen: facts.inotifyWatches,
      least: INOTIFY_WATCHES,
      set: INOTIFY_WATCHES_SETTING,
    },
  ];
  const said = limits.map(({ key, seen }) => `fs.inotify.${key} is ${seen ?? 'unknown'}`).join(', ');
  const low = limits.flatMap(({ key, seen, least, set }) =>
    seen === null || seen >= least ? [] : [{ key, seen, set }],
  );
  if (low.length === 0) return ok('inotify', said);
  const sysctl = (key: string, value: number): SetupCommand => ({
    command: ['sysctl', '-w', `fs.inotify.${key}=${value}`],
  });
  return problem('inotify', 'warning', {
    cause: low.map(({ key, seen }) => `fs.inotify.${key} is ${seen}`).join(', '),
    consequence: 'with three nodes or more, systemd and kubelet fail with "too many open files"',
    fix: {
      commands: low.map(({ key, set }) => sysctl(key, set)),
      undo: low.map(({ key, seen }) => sysctl(key, seen)),
    },
  });
}

/** A clock that is far behind, as on a board without a battery. Nodes use the host's, so they agree among each other. */
export function clock({ facts }: HostState): Finding {
  const today = new Date(facts.now).toISOString().slice(0, 10);
  if (facts.now >= RELEASED) return ok('clock', `it is ${today}`);
  return problem('clock', 'warning', {
    cause: `the clock says ${today}, which is before this program was made`,
    consequence: 'downloads for a node image fail: "certificate is not yet valid"',
    advice: 'Set the clock, such as with `timedatectl set-ntp true`.',
  });
}
