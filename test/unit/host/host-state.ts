import type { EngineState, HostState } from '../../../src/host/findings/host-state.ts';
import type { HostFacts } from '../../../src/host/host-facts.ts';
import type { Finding } from '../../../src/host/findings/finding.ts';
import { findingsOf } from '../../../src/host/findings/all-findings.ts';

export const GIB = 1024 ** 3;
const ALL = ['lxc', 'lxd', 'nft', 'dnsmasq', 'mkfs.btrfs', 'unsquashfs', 'newuidmap', 'apt-get'];

export const programs = (...names: string[]): Map<string, string> =>
  new Map(names.map((name) => [name, `/usr/bin/${name}`]));

const FACTS: HostFacts = {
  architecture: 'amd64',
  operatingSystem: { id: 'debian', version: 12, codename: 'bookworm' },
  aptSuites: new Set(['bookworm']),
  systemd: true,
  root: true,
  cgroup: 'v2',
  capSysResource: true,
  programs: programs(...ALL),
  memoryAvailableBytes: 8 * GIB,
  cacheFreeBytes: 50 * GIB,
  poolFreeBytes: 50 * GIB,
  inotifyInstances: 1024,
  inotifyWatches: 524_288,
  ipv6Disabled: [],
  bridgeNetfilter: { IPv4: false, IPv6: false },
  modules: new Map([['overlay', 'there']]),
  snapModules: new Map([['vxlan', 'there']]),
  port53: [],
  hostRanges: [],
  docker: false,
  now: Date.parse('2026-11-21T00:00:00Z'),
};

export const ENGINE: EngineState = {
  unreachable: null,
  hint: null,
  version: '5.0.2',
  storageDriver: 'btrfs',
  storageFreeBytes: 40 * GIB,
};

export const ABSENT: EngineState = {
  unreachable: 'LXD does not answer',
  hint: 'Start the daemon.',
  version: null,
  storageDriver: null,
  storageFreeBytes: null,
};

/** A host on which nothing is to be said, but for what is given. */
export function hostState({
  facts = {},
  engine = {},
  needs = {},
  ...rest
}: {
  facts?: Partial<HostFacts>;
  engine?: Partial<EngineState>;
  needs?: Partial<HostState['needs']>;
} & Partial<Omit<HostState, 'facts' | 'engine' | 'needs'>> = {}): HostState {
  return {
    facts: { ...FACTS, ...facts },
    engine: { ...ENGINE, ...engine },
    build: null,
    needs: {
      provider: 'lxd',
      nodes: 1,
      egress: 'blocked',
      families: ['IPv4', 'IPv6'],
      ranges: [],
      snap: false,
      vxlan: false,
      ...needs,
    },
    forward: { IPv4: 'passes', IPv6: 'passes' },
    deadRuns: [],
    debianMirror: 'http://mirror.example.test/debian',
    recordedFixes: new Set(),
    ...rest,
  };
}

/** The finding of one kind on such a host. */
export function finding(id: string, difference: Parameters<typeof hostState>[0] = {}): Finding {
  const found = findingsOf(hostState(difference)).find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no finding ${id}`);
  return found;
}
