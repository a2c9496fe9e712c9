import { ARCHITECTURE_NAMES } from '../images/architecture.ts';
import type { HostFacts, Program } from './host-facts.ts';

/** A command of the set-up; all of them need root. */
export interface SetupCommand {
  readonly command: readonly string[];
  /** A daemon: started in the background, apart from our process and its output. */
  readonly daemon?: boolean;
}

/** How a finding is put right, and how that is taken back. */
export interface Fix {
  readonly commands: readonly SetupCommand[];
  /** Run in this order by `doctor --undo`. */
  readonly undo: readonly SetupCommand[];
}

/** One thing about this host that a run depends on. */
export interface Finding {
  readonly id: string;
  /** `blocker`: no run can pass here. `warning`: it may, with the consequence. `ok`: looked at and fine. */
  readonly severity: 'ok' | 'warning' | 'blocker';
  /** What was seen. */
  readonly cause: string;
  /** What it means for a run; null when fine. */
  readonly consequence: string | null;
  readonly fix: Fix | null;
  /** What to do where no command of ours can. */
  readonly advice: string | null;
}

/** What is known of the engine beside the host's own facts. */
export interface EngineState {
  /** Null when it answers; else why it does not. */
  readonly unreachable: string | null;
  readonly version: string | null;
  readonly storageDriver: string | null;
  /** A node image for the scenario is in the cache, so nothing must be built. */
  readonly imageCached: boolean;
}

const GIB = 1024 ** 3;
const NODE_MEMORY_BYTES = 1.5 * GIB;
const BUILD_DISK_BYTES = 12 * GIB;
const RUN_DISK_BYTES = 4 * GIB;
/** One node takes about 40 inotify instances; 512 is room for ten. */
const INOTIFY_INSTANCES = 512;
const INOTIFY_SETTING = 1024;

/** Debian's package of each program that a run uses; the image's tools only count where an image must be built. */
const ENGINE_PACKAGES: readonly (readonly [Program, string])[] = [
  ['lxc', 'lxd-client'],
  ['lxd', 'lxd'],
  ['dnsmasq', 'dnsmasq-base'],
  ['unsquashfs', 'squashfs-tools'],
  ['mkfs.btrfs', 'btrfs-progs'],
  ['newuidmap', 'uidmap'],
  ['nft', 'nftables'],
];
const BUILD_PACKAGES: readonly (readonly [Program, string])[] = [
  ['debootstrap', 'debootstrap'],
  ['mksquashfs', 'squashfs-tools'],
];

const ok = (id: string, cause: string): Finding => ({
  id,
  severity: 'ok',
  cause,
  consequence: null,
  fix: null,
  advice: null,
});

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

function packages(facts: HostFacts, engine: EngineState): Finding {
  const needed = [
    // An LXD that answers is used as it is, whoever installed it.
    ...(engine.unreachable === null ? [] : ENGINE_PACKAGES),
    ...(engine.imageCached ? [] : BUILD_PACKAGES),
  ];
  const missing = [
    ...new Set(needed.filter(([program]) => !facts.programs.has(program)).map(([, name]) => name)),
  ];
  if (missing.length === 0) return ok('packages', 'every program that a run uses is installed');
  const apt = facts.programs.has('apt-get');
  return {
    id: 'packages',
    severity: 'blocker',
    cause: `not installed: ${missing.join(', ')}`,
    consequence: 'a run has no engine, or nothing to build its node image with',
    fix: apt
      ? {
          commands: [
            { command: ['apt-get', 'update'] },
            { command: ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing] },
          ],
          undo: [{ command: ['apt-get', 'purge', '--yes', '--autoremove', ...missing] }],
        }
      : null,
    advice: apt ? null : 'Install these Debian packages, or their like of this distribution.',
  };
}

function daemon(facts: HostFacts, engine: EngineState): Finding {
  if (engine.unreachable === null) return ok('daemon', `LXD ${engine.version} answers`);
  const waitready = { command: ['lxd', 'waitready', '--timeout=60'] };
  const fix = facts.systemd
    ? {
        commands: [{ command: ['systemctl', 'start', 'lxd'] }, waitready],
        undo: [{ command: ['systemctl', 'stop', 'lxd'] }],
      }
    : {
        commands: [
          { command: ['mkdir', '-p', '/var/log/lxd'] },
          { command: ['lxd', '--group', 'lxd', '--logfile=/var/log/lxd/lxd.log'], daemon: true },
          waitready,
        ],
        undo: [{ command: ['lxd', 'shutdown', '--timeout=60'] }],
      };
  const refused = /permission|trust/i.test(engine.unreachable);
  return {
    id: 'daemon',
    severity: 'blocker',
    cause: engine.unreachable,
    consequence: 'there is nothing to launch nodes with',
    fix: refused ? null : fix,
    advice: refused
      ? 'Join the group of LXD: sudo usermod -aG lxd "$USER", then log in again.'
      : facts.systemd
        ? null
        : 'PID 1 is not systemd, so we start the daemon ourselves; it does not come back after a restart.',
  };
}

function inotify(facts: HostFacts): Finding {
  const { inotifyInstances: seen } = facts;
  if (seen === null || seen >= INOTIFY_INSTANCES)
    return ok('inotify', `fs.inotify.max_user_instances is ${seen ?? 'unknown'}`);
  const set = (value: number): SetupCommand => ({
    command: ['sysctl', '-w', `fs.inotify.max_user_instances=${value}`],
  });
  return {
    id: 'inotify',
    severity: 'warning',
    cause: `fs.inotify.max_user_instances is ${seen}`,
    consequence: 'with three nodes or more, systemd and kubelet fail with "too many open files"',
    fix: { commands: [set(INOTIFY_SETTING)], undo: [set(seen)] },
    advice: null,
  };
}

function storage(engine: EngineState, facts: HostFacts): Finding {
  const driver = engine.storageDriver;
  if (driver !== null) return ok('storage', `our storage pool uses ${driver}`);
  return facts.programs.has('mkfs.btrfs')
    ? ok('storage', 'the storage pool will use btrfs if the kernel has it, else dir')
    : {
        id: 'storage',
        severity: 'warning',
        cause: 'btrfs-progs is not installed',
        consequence: 'the storage pool uses dir, which copies the image for each node: 3 to 6 s more',
        fix: null,
        advice: 'Install btrfs-progs before the first run.',
      };
}

function disk(facts: HostFacts, engine: EngineState): Finding {
  const needed = engine.imageCached ? RUN_DISK_BYTES : BUILD_DISK_BYTES;
  const free = Math.min(facts.cacheFreeBytes ?? Infinity, facts.poolFreeBytes ?? Infinity);
  if (free >= needed) return ok('disk', `${Number.isFinite(free) ? gib(free) : 'enough'} free`);
  return {
    id: 'disk',
    severity: 'blocker',
    cause: `${gib(free)} free, ${gib(needed)} needed`,
    consequence: engine.imageCached ? 'nodes run out of disk' : 'the node image can not be built',
    fix: null,
    advice: 'Make room, or set XDG_CACHE_HOME to another disk.',
  };
}

function memory(facts: HostFacts, nodes: number): Finding {
  const available = facts.memoryAvailableBytes;
  const needed = NODE_MEMORY_BYTES * nodes;
  if (available === null || available >= needed) {
    return ok('memory', `${available === null ? 'unknown' : gib(available)} available for ${nodes} node(s)`);
  }
  return {
    id: 'memory',
    severity: 'warning',
    cause: `${gib(available)} available, ${gib(needed)} advised for ${nodes} node(s)`,
    consequence: 'a node may be killed for want of memory',
    fix: null,
    advice: 'Close something large, or ask for fewer workers.',
  };
}

function kernel(facts: HostFacts): Finding[] {
  const ipv6: Finding = facts.ipv6Disabled
    ? {
        id: 'ipv6',
        severity: 'blocker',
        cause: 'net.ipv6.conf.all.disable_ipv6 is 1',
        consequence: 'no bridge of this host gets an IPv6 address',
        fix: {
          commands: [{ command: ['sysctl', '-w', 'net.ipv6.conf.all.disable_ipv6=0'] }],
          undo: [{ command: ['sysctl', '-w', 'net.ipv6.conf.all.disable_ipv6=1'] }],
        },
        advice: null,
      }
    : ok('ipv6', 'IPv6 is enabled');
  return [
    ipv6,
    ok(
      'cgroup',
      `cgroup v${facts.cgroupVersion}${facts.cgroupVersion === 1 ? ': kubelet is told to accept it' : ''}`,
    ),
    ok(
      'cap-sys-resource',
      facts.capSysResource
        ? 'CAP_SYS_RESOURCE is there'
        : 'CAP_SYS_RESOURCE is missing: containerd is told to leave oom_score_adj alone',
    ),
    ok(
      'bridge-netfilter',
      facts.bridgeNetfilter
        ? "bridge-nf-call-iptables is 1: bridged packets pass the host's firewall"
        : 'bridge-nf-call-iptables is off',
    ),
  ];
}

function go(facts: HostFacts, engine: EngineState): Finding {
  if (engine.imageCached) return ok('go', 'not needed: the node image is in the cache');
  const path = facts.programs.get('go');
  return path === undefined
    ? ok('go', 'no Go in PATH: the official toolchain is fetched into our cache when the node image is built')
    : ok('go', `${path}, which fetches the toolchain that the components ask for`);
}

/** Architectures on which runs were seen to pass; the others have the same recipe and data. */
const PROVED_ARCHITECTURES = ['amd64'];

function architecture({ architecture: name }: HostFacts): Finding {
  if (PROVED_ARCHITECTURES.includes(name)) return ok('architecture', name);
  const isKnown = ARCHITECTURE_NAMES.some((known) => known === name);
  return {
    id: 'architecture',
    severity: isKnown ? 'warning' : 'blocker',
    cause: `this machine is ${name}`,
    consequence: isKnown
      ? 'node images are made for it, and nobody has seen a run pass on it yet'
      : 'there are no node images for it',
    fix: null,
    advice: isKnown
      ? 'Try it, and tell us how it went.'
      : `Use a machine of one of these architectures: ${ARCHITECTURE_NAMES.join(', ')}.`,
  };
}

/** Everything that stops or hinders a run here, in the order in which it is put right. Pure. */
export function findingsOf(facts: HostFacts, engine: EngineState, nodes = 1): Finding[] {
  return [
    architecture(facts),
    packages(facts, engine),
    daemon(facts, engine),
    storage(engine, facts),
    disk(facts, engine),
    memory(facts, nodes),
    ...kernel(facts),
    inotify(facts),
    go(facts, engine),
  ];
}
