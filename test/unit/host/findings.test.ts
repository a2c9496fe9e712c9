import test from 'ava';
import { findingsOf, type EngineState, type Finding } from '../../../src/host/findings.ts';
import type { HostFacts } from '../../../src/host/host-facts.ts';

const GIB = 1024 ** 3;
const ALL = [
  'lxc',
  'lxd',
  'nft',
  'dnsmasq',
  'mkfs.btrfs',
  'mksquashfs',
  'unsquashfs',
  'debootstrap',
  'newuidmap',
  'apt-get',
];
const programs = (...names: string[]): Map<string, string> =>
  new Map(names.map((name) => [name, `/usr/bin/${name}`]));

const HOST: HostFacts = {
  architecture: 'amd64',
  systemd: true,
  root: true,
  cgroupVersion: 2,
  capSysResource: true,
  programs: programs(...ALL),
  memoryAvailableBytes: 8 * GIB,
  cacheFreeBytes: 50 * GIB,
  poolFreeBytes: 50 * GIB,
  inotifyInstances: 1024,
  ipv6Disabled: false,
  bridgeNetfilter: false,
};
const ENGINE: EngineState = {
  unreachable: null,
  version: '5.0.2',
  storageDriver: 'btrfs',
  imageCached: true,
};
const ABSENT: EngineState = {
  ...ENGINE,
  unreachable: 'LXD does not answer',
  version: null,
  storageDriver: null,
};

const finding = (id: string, host: Partial<HostFacts>, engine: EngineState = ENGINE, nodes = 1): Finding => {
  const found = findingsOf({ ...HOST, ...host }, engine, nodes).find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no finding ${id}`);
  return found;
};

test('a host that has everything has nothing to fix', (t) => {
  t.deepEqual(
    findingsOf(HOST, ENGINE).filter(({ severity }) => severity !== 'ok'),
    [],
  );
});

const borders: readonly (readonly [string, Finding['severity'], Finding])[] = [
  [
    'a node image must be built: 12 GiB',
    'ok',
    finding('disk', { cacheFreeBytes: 12 * GIB }, { ...ENGINE, imageCached: false }),
  ],
  [
    'a byte less',
    'blocker',
    finding('disk', { cacheFreeBytes: 12 * GIB - 1 }, { ...ENGINE, imageCached: false }),
  ],
  ['a cached image: 4 GiB', 'ok', finding('disk', { poolFreeBytes: 4 * GIB })],
  ['a byte less where the pool is', 'blocker', finding('disk', { poolFreeBytes: 4 * GIB - 1 })],
  ['512 inotify instances', 'ok', finding('inotify', { inotifyInstances: 512 })],
  ['511 inotify instances', 'warning', finding('inotify', { inotifyInstances: 511 })],
  ['memory for two nodes', 'ok', finding('memory', { memoryAvailableBytes: 3 * GIB }, ENGINE, 2)],
  [
    'memory for one and a half',
    'warning',
    finding('memory', { memoryAvailableBytes: 3 * GIB - 1 }, ENGINE, 2),
  ],
  ['IPv6 switched off', 'blocker', finding('ipv6', { ipv6Disabled: true })],
  ['an architecture that runs were seen on', 'ok', finding('architecture', { architecture: 'amd64' })],
  ['an architecture that none was seen on', 'warning', finding('architecture', { architecture: 'arm64' })],
  ['an architecture without an image', 'blocker', finding('architecture', { architecture: 's390x' })],
];
for (const [name, severity, found] of borders) {
  test(`${found.id}: ${name}: ${severity}`, (t) => {
    t.is(found.severity, severity);
    t.is(found.consequence === null, severity === 'ok');
  });
}

test('an LXD that answers is used as it is, whatever programs are here', (t) => {
  t.is(finding('packages', { programs: programs('lxc') }).severity, 'ok');
});

test('what is missing is installed in one call, and purged by the undo', (t) => {
  const { fix, severity } = finding(
    'packages',
    { programs: programs('apt-get', 'dnsmasq') },
    { ...ABSENT, imageCached: false },
  );
  t.is(severity, 'blocker');
  const install = fix?.commands.at(-1)?.command ?? [];
  const missing = ['lxd-client', 'lxd', 'squashfs-tools', 'btrfs-progs', 'uidmap', 'nftables', 'debootstrap'];
  t.deepEqual(install.slice(-missing.length), missing);
  t.deepEqual(fix?.undo[0]?.command.slice(-missing.length), missing);
});

test('without systemd the daemon is started by us, in the background', (t) => {
  const { fix, advice } = finding('daemon', { systemd: false }, ABSENT);
  t.true(fix?.commands.some(({ command, daemon }) => command[0] === 'lxd' && daemon === true));
  t.regex(advice ?? '', /PID 1 is not systemd/);
  t.deepEqual(finding('daemon', {}, ABSENT).fix?.commands[0]?.command, ['systemctl', 'start', 'lxd']);
});

test('no permission is not put right by starting the daemon again', (t) => {
  const { fix, advice } = finding('daemon', {}, { ...ABSENT, unreachable: 'no permission to talk to LXD' });
  t.is(fix, null);
  t.regex(advice ?? '', /usermod/);
});
