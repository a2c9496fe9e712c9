import type { ModuleState } from '../../../src/host/kernel-modules.ts';
import test from 'ava';
import { ABSENT, finding, GIB, hostState, programs } from './host-state.ts';
import { findingsOf } from '../../../src/host/findings/all-findings.ts';
import { doctorDocument, doctorDocumentSchema, type Finding } from '../../../src/host/findings/finding.ts';
import { renderFindings } from '../../../src/host/findings/render-findings.ts';
import { createPalette } from '../../../src/report/palette.ts';

const BUILD = { missingPackages: [], diskBytes: 10e9 };
const DAY = 24 * 60 * 60_000;
const FIRST_DAY = Date.parse('2026-11-01T00:00:00Z');
const DROPS = { forward: { IPv4: 'drops', IPv6: 'passes' } } as const;
const UNKNOWN = { forward: { IPv4: 'unknown', IPv6: 'unknown' } } as const;
const FILTERED = { IPv4: true, IPv6: true };
const POD_RANGE = { ranges: [{ range: '10.1.0.0/16', use: 'pod range' }] };
const routeTo = (range: string): { hostRanges: { range: string; usedBy: string }[] } => ({
  hostRanges: [{ range, usedBy: 'a route via eth0' }],
});
const user = { root: false };

test('a host that has everything has nothing to fix', (t) => {
  t.deepEqual(
    findingsOf(hostState()).filter(({ severity }) => severity !== 'ok'),
    [],
  );
});

const borders: readonly (readonly [string, Finding['severity'], Finding])[] = [
  [
    'an image must be built: room for it',
    'ok',
    finding('disk', { build: BUILD, facts: { cacheFreeBytes: 10e9 } }),
  ],
  ['a byte less', 'blocker', finding('disk', { build: BUILD, facts: { cacheFreeBytes: 10e9 - 1 } })],
  ['a cached image needs no room in the cache', 'ok', finding('disk', { facts: { cacheFreeBytes: 1 } })],
  ['4 GiB where the pool is', 'ok', finding('disk', { facts: { poolFreeBytes: 4 * GIB } })],
  ['a byte less where the pool is', 'blocker', finding('disk', { facts: { poolFreeBytes: 4 * GIB - 1 } })],
  [
    'a pool with 2 GiB for each node',
    'ok',
    finding('storage', { engine: { storageFreeBytes: 4 * GIB }, needs: { nodes: 2 } }),
  ],
  [
    'a byte less in the pool',
    'blocker',
    finding('storage', { engine: { storageFreeBytes: 4 * GIB - 1 }, needs: { nodes: 2 } }),
  ],
  ['a pool of the slow kind', 'warning', finding('storage', { engine: { storageDriver: 'dir' } })],
  ['a pool that tells no size', 'ok', finding('storage', { engine: { storageFreeBytes: null } })],
  [
    'no pool yet, and no btrfs',
    'warning',
    finding('storage', { engine: ABSENT, facts: { programs: programs() } }),
  ],
  ['512 inotify instances', 'ok', finding('inotify', { facts: { inotifyInstances: 512 } })],
  ['511 inotify instances', 'warning', finding('inotify', { facts: { inotifyInstances: 511 } })],
  ['65536 inotify watches', 'ok', finding('inotify', { facts: { inotifyWatches: 65_536 } })],
  ['65535 inotify watches', 'warning', finding('inotify', { facts: { inotifyWatches: 65_535 } })],
  [
    'memory for two nodes',
    'ok',
    finding('memory', { facts: { memoryAvailableBytes: 3 * GIB }, needs: { nodes: 2 } }),
  ],
  [
    'memory for one and a half',
    'warning',
    finding('memory', { facts: { memoryAvailableBytes: 3 * GIB - 1 }, needs: { nodes: 2 } }),
  ],
  ['the day of the release', 'ok', finding('clock', { facts: { now: FIRST_DAY } })],
  ['the day before', 'warning', finding('clock', { facts: { now: FIRST_DAY - DAY } })],
  ['LXD 5.0', 'ok', finding('daemon', { engine: { version: '5.0' } })],
  ['LXD 4.0.9', 'blocker', finding('daemon', { engine: { version: '4.0.9' } })],
  [
    'an architecture without an image',
    'blocker',
    finding('architecture', { facts: { architecture: 's390x' } }),
  ],
  [
    'a module that is loaded when asked',
    'ok',
    finding('modules', { facts: { modules: new Map([['overlay', 'loadable']]) } }),
  ],
  [
    'a module of which nothing is known',
    'ok',
    finding('modules', { facts: { modules: new Map([['overlay', 'unknown']]) } }),
  ],
  [
    'a module that the kernel does not have',
    'blocker',
    finding('modules', { facts: { modules: new Map([['overlay', 'absent']]) } }),
  ],
  ['a kernel without IPv6', 'blocker', finding('ipv6', { facts: { ipv6Disabled: null } })],
  [
    'a kernel without IPv6, and none asked for',
    'ok',
    finding('ipv6', { facts: { ipv6Disabled: null }, needs: { families: ['IPv4'] } }),
  ],
  [
    'IPv6 off for all but the loopback',
    'ok',
    finding('ipv6', { facts: { ipv6Disabled: ['all', 'default'] } }),
  ],
  [
    'IPv6 off for the loopback',
    'blocker',
    finding('ipv6', { facts: { ipv6Disabled: ['all', 'default', 'lo'] } }),
  ],
  [
    'the same with open egress',
    'warning',
    finding('ipv6', { facts: { ipv6Disabled: ['lo'] }, needs: { egress: 'open' } }),
  ],
  ['port 53 taken, egress blocked', 'ok', finding('port-53', { facts: { port53: ['0.0.0.0:53/udp'] } })],
  [
    'port 53 taken, egress open',
    'blocker',
    finding('port-53', { facts: { port53: ['0.0.0.0:53/udp'] }, needs: { egress: 'open' } }),
  ],
  ['port 53 free, egress open', 'ok', finding('port-53', { needs: { egress: 'open' } })],
  [
    'a route into the pods',
    'warning',
    finding('routes', { facts: routeTo('10.1.200.0/24'), needs: POD_RANGE }),
  ],
  [
    'a route around the pods',
    'warning',
    finding('routes', { facts: routeTo('10.0.0.0/8'), needs: POD_RANGE }),
  ],
  ['a route beside the pods', 'ok', finding('routes', { facts: routeTo('10.2.0.0/16'), needs: POD_RANGE })],
  [
    'an address beside the pods',
    'ok',
    finding('routes', { facts: routeTo('10.2.0.1/16'), needs: POD_RANGE }),
  ],
  ['a run that was killed', 'warning', finding('dead-runs', { deadRuns: ['k7f3q2'] })],
  ['no run that was killed', 'ok', finding('dead-runs')],
  ['a firewall that drops, for root', 'ok', finding('forward-policy', DROPS)],
  [
    'a firewall that drops, one node',
    'warning',
    finding('forward-policy', { ...DROPS, facts: { ...user, bridgeNetfilter: FILTERED } }),
  ],
  [
    'a firewall that drops, two nodes',
    'blocker',
    finding('forward-policy', {
      ...DROPS,
      facts: { ...user, bridgeNetfilter: FILTERED },
      needs: { nodes: 2 },
    }),
  ],
  [
    'a firewall that bridged packets do not pass',
    'warning',
    finding('forward-policy', { ...DROPS, facts: user, needs: { nodes: 2 } }),
  ],
  [
    'a firewall that drops, open egress',
    'blocker',
    finding('forward-policy', { ...DROPS, facts: user, needs: { egress: 'open' } }),
  ],
  [
    'a firewall that drops a family that nobody asked for',
    'ok',
    finding('forward-policy', { ...DROPS, facts: user, needs: { families: ['IPv6'], nodes: 2 } }),
  ],
  [
    'a firewall that drops, with rules of doctor',
    'ok',
    finding('forward-policy', {
      forward: { IPv4: 'accepted-by-doctor', IPv6: 'accepted-by-doctor' },
      facts: user,
    }),
  ],
  ['a firewall that only root can see', 'ok', finding('forward-policy', { ...UNKNOWN, facts: user })],
  [
    'the same beside Docker',
    'warning',
    finding('forward-policy', { ...UNKNOWN, facts: { ...user, docker: true } }),
  ],
  [
    'the same after doctor --fix',
    'ok',
    finding('forward-policy', {
      ...UNKNOWN,
      facts: { ...user, docker: true },
      recordedFixes: new Set(['forward-policy']),
    }),
  ],
  [
    'an architecture that none was seen on',
    'warning',
    finding('architecture', { facts: { architecture: 'arm64' } }),
  ],
];
for (const [name, severity, found] of borders) {
  test(`${found.id}: ${name}: ${severity}`, (t) => {
    t.is(found.severity, severity);
    t.is(found.consequence === null, severity === 'ok');
    if (severity !== 'ok') t.true(found.fix !== null || found.advice !== null, 'a problem has a way out');
    if (found.fix !== null) t.true(found.fix.undo.length > 0, 'a fix has an undo');
  });
}

test('an LXD that answers is used as it is, whatever programs are here', (t) => {
  t.is(finding('packages', { facts: { programs: programs('lxc') } }).severity, 'ok');
});

test('what is missing is installed in one call, and purged by the undo', (t) => {
  const { fix, severity } = finding('packages', {
    facts: { programs: programs('apt-get', 'dnsmasq') },
    engine: ABSENT,
    build: { missingPackages: ['squashfs-tools', 'debootstrap'], diskBytes: 0 },
  });
  t.is(severity, 'blocker');
  const install = fix?.commands.at(-1)?.command ?? [];
  const missing = ['lxd-client', 'lxd', 'squashfs-tools', 'btrfs-progs', 'uidmap', 'nftables', 'debootstrap'];
  t.deepEqual(install.slice(-missing.length), missing);
  t.deepEqual(fix?.undo[0]?.command.slice(-missing.length), missing);
});

test('without systemd the daemon is started by us, in the background', (t) => {
  const { fix, advice } = finding('daemon', { facts: { systemd: false }, engine: ABSENT });
  t.true(fix?.commands.some(({ command, daemon }) => command[0] === 'lxd' && daemon === true));
  t.regex(advice ?? '', /PID 1 is not systemd/);
  t.deepEqual(finding('daemon', { engine: ABSENT }).fix?.commands[0]?.command, ['systemctl', 'start', 'lxd']);
});

test('no permission is not put right by starting the daemon again', (t) => {
  const { fix, advice } = finding('daemon', {
    engine: { ...ABSENT, hint: 'sudo usermod', unreachable: 'no permission to talk to LXD' },
  });
  t.is(fix, null);
  t.regex(advice ?? '', /usermod/);
});

test('a sysctl is set back to what it was', (t) => {
  const { fix } = finding('inotify', { facts: { inotifyInstances: 128, inotifyWatches: 8192 } });
  t.deepEqual(
    fix?.undo.map(({ command }) => command.at(-1)),
    ['fs.inotify.max_user_instances=128', 'fs.inotify.max_user_watches=8192'],
  );
});

test('the document of doctor says how it stands, in a shape of its own', (t) => {
  for (const [findings, outcome] of [
    [[finding('clock')], 'ready'],
    [[finding('clock'), finding('dead-runs', { deadRuns: ['k7f3q2'] })], 'warnings'],
    [[finding('dead-runs', { deadRuns: ['k7f3q2'] }), finding('daemon', { engine: ABSENT })], 'blocked'],
  ] as const) {
    const document = doctorDocument(findings);
    t.is(document.outcome, outcome);
    t.deepEqual(doctorDocumentSchema.parse(JSON.parse(JSON.stringify(document))), document);
  }
});

test('on a screen of 80 columns sentences are broken and commands are not', (t) => {
  const found = finding('forward-policy', { ...DROPS, facts: user, needs: { egress: 'open' } });
  const lines = renderFindings([{ title: 'Network', findings: [found] }], {
    width: 80,
    palette: createPalette(false),
    root: false,
  });
  const isCommand = (line: string): boolean => line.includes('sudo ');
  t.deepEqual(
    lines.filter((line) => line.length > 80 && !isCommand(line)),
    [],
  );
  t.is(lines.filter(isCommand).length, (found.fix?.commands.length ?? 0) * 2);
  t.true(
    lines.some((line) => line.includes("--comment 'twinstack doctor'")),
    lines.join('\n'),
  );
  t.regex(lines.join('\n'), /1 to be put right before a run can pass/);
});

test('the modules of a snap: none where no snap is installed, loaded by the engine, unknown, and absent', (t) => {
  const of = (state: ModuleState, snap = true): Finding =>
    finding('snap-modules', { needs: { snap }, facts: { snapModules: new Map([['ip_vs', state]]) } });
  t.is(of('absent', false).severity, 'ok');
  t.is(of('there').severity, 'ok');
  t.like(of('loadable'), { severity: 'ok' });
  t.regex(of('loadable').cause, /the engine loads ip_vs/);
  t.is(of('unknown').severity, 'warning');
  const absent = of('absent');
  t.is(absent.severity, 'blocker');
  t.regex(absent.cause, /no ip_vs/);
  t.truthy(absent.advice);
});

test('vxlan: only where tunnels are asked for, and only a kernel that has none for sure is refused', (t) => {
  const of = (state: ModuleState, vxlan = true): Finding =>
    finding('vxlan', { needs: { vxlan }, facts: { snapModules: new Map([['vxlan', state]]) } });
  t.is(of('absent', false).severity, 'ok');
  for (const state of ['there', 'loadable', 'unknown'] as const) t.is(of(state).severity, 'ok', state);
  t.is(of('absent').severity, 'blocker');
  t.regex(of('absent').consequence ?? '', /failed to create vxlan device/);
  t.regex(of('absent').advice ?? '', /another cni\.mode/);
});
