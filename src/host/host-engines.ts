import type { Program } from './host-facts.ts';
import type { OperatingSystem } from './operating-system.ts';
import type { ProviderName } from '../scenario/scenario.ts';

/** A program that an engine needs, and Debian's package with it. */
type Packaged = readonly [program: Program, name: string];

/** Where the engine's packages come from. */
export interface PackageSource {
  readonly packages: readonly Packaged[];
  /** The archive of newer packages for a release, which has to be added; null where the system's own has them. */
  readonly backports: string | null;
}

/** What this host needs for an engine, how its daemon is started, and what people call its parts. */
export interface HostEngine {
  readonly title: string;
  /** Who is in this group may talk to the daemon. */
  readonly group: string;
  /** The client's program. */
  readonly client: Program;
  /** What systemd calls the daemon. */
  readonly service: string;
  /** The oldest release that is supported, and what an older one lacks. */
  readonly oldest: { readonly version: number; readonly lacks: string };
  /** Null where this system has no packages of it, and {@link elsewhere} says what then. */
  readonly source: (system: OperatingSystem) => PackageSource | null;
  readonly elsewhere: string;
  /** Where it keeps its pools: the first of these folders that is there, else the last. */
  readonly folders: readonly string[];
  /** Where the daemon is started by hand, its log goes here. */
  readonly log: { readonly folder: string; readonly file: string };
  /** The daemon's program, and where its package puts it, which may lie outside of the search path. */
  readonly daemon: { readonly program: Program; readonly path: string };
  readonly waitready: readonly string[];
  readonly shutdown: readonly string[];
}

/** What both engines' bridges, images and pools need, with Debian's package of each. */
const COMMON: readonly Packaged[] = [
  ['dnsmasq', 'dnsmasq-base'],
  ['unsquashfs', 'squashfs-tools'],
  ['mkfs.btrfs', 'btrfs-progs'],
  ['newuidmap', 'uidmap'],
  ['nft', 'nftables'],
];

const lxd: HostEngine = {
  title: 'LXD',
  group: 'lxd',
  client: 'lxc',
  service: 'lxd',
  oldest: { version: 5, lacks: 'its bridges can not keep a lab from the network outside' },
  source: () => ({ packages: [['lxc', 'lxd-client'], ['lxd', 'lxd'], ...COMMON], backports: null }),
  elsewhere: 'Install a newer LXD; Debian 12 and Ubuntu have 5.0 or later.',
  folders: ['/var/snap/lxd/common/lxd', '/var/lib/lxd'],
  log: { folder: '/var/log/lxd', file: '/var/log/lxd/lxd.log' },
  daemon: { program: 'lxd', path: 'lxd' },
  waitready: ['lxd', 'waitready', '--timeout=60'],
  shutdown: ['lxd', 'shutdown', '--timeout=60'],
};

/**
 * Debian split the daemon for containers from the one for virtual machines after the release that Ubuntu 24.04 has: the whole would
 * bring QEMU with it.
 */
function incusSource({ id, version, codename }: OperatingSystem): PackageSource | null {
  const split: readonly Packaged[] = [['incus', 'incus-client'], ['incusd', 'incus-base'], ...COMMON];
  const whole: readonly Packaged[] = [['incus', 'incus-client'], ['incusd', 'incus'], ...COMMON];
  if (id === 'debian' && version === 12) return { packages: split, backports: `${codename}-backports` };
  // Testing and unstable have no number.
  if (id === 'debian' && !(version < 12)) return { packages: split, backports: null };
  if (id === 'ubuntu' && version >= 25) return { packages: split, backports: null };
  if (id === 'ubuntu' && version >= 24) return { packages: whole, backports: null };
  return null;
}

const incus: HostEngine = {
  title: 'Incus',
  group: 'incus-admin',
  client: 'incus',
  service: 'incus',
  oldest: { version: 6, lacks: 'nobody has seen a run pass on it' },
  source: incusSource,
  elsewhere:
    'Install Incus 6.0 or later; Debian 12 has it in its backports, Debian 13 and Ubuntu 24.04 themselves.',
  folders: ['/var/lib/incus'],
  log: { folder: '/var/log/incus', file: '/var/log/incus/incus.log' },
  daemon: { program: 'incusd', path: '/usr/libexec/incus/incusd' },
  waitready: ['incus', 'admin', 'waitready', '--timeout=60'],
  shutdown: ['incus', 'admin', 'shutdown', '--timeout=60'],
};

/** The engines whose daemon is a program of this host that we know to install and to start. */
export const HOST_ENGINES = { lxd, incus } as const satisfies Partial<Record<ProviderName, HostEngine>>;

/** Null for a provider whose engine is not set up here. */
export function hostEngineOf(provider: ProviderName): HostEngine | null {
  const engines: Partial<Record<ProviderName, HostEngine>> = HOST_ENGINES;
  return engines[provider] ?? null;
}
