import test from 'ava';
import { ABSENT, finding, hostState, programs } from './host-state.ts';
import { findingsOf } from '../../../src/host/findings/all-findings.ts';
import type { Finding } from '../../../src/host/findings/finding.ts';
import type { HostFacts } from '../../../src/host/host-facts.ts';

const needs = { provider: 'incus' } as const;
const GONE = { ...ABSENT, unreachable: 'Incus is not installed: there is no incus in PATH' };
const COMMON = ['nft', 'dnsmasq', 'mkfs.btrfs', 'unsquashfs', 'newuidmap', 'apt-get'];

/** A host of a system, without Incus but with all that it shares with LXD. */
function onSystem(
  id: string,
  version: number,
  codename: string,
  rest: Partial<HostFacts> = {},
): Parameters<typeof finding>[1] {
  const facts = { operatingSystem: { id, version, codename }, programs: programs(...COMMON), ...rest };
  return { needs, engine: GONE, facts };
}

const commandsOf = ({ fix }: Finding): string[] =>
  (fix?.commands ?? []).map(({ command, input }) => `${input ?? ''}${command.join(' ')}`);
const undoOf = ({ fix }: Finding): string[] => (fix?.undo ?? []).map(({ command }) => command.join(' '));

const INSTALL = 'apt-get install --yes --no-install-recommends';
const FILE = '/etc/apt/sources.list.d/twinstack-backports.list';

test('Debian 12: the backports are added from our mirror, and taken back after the packages', (t) => {
  const found = finding('packages', onSystem('debian', 12, 'bookworm'));
  t.is(found.severity, 'blocker');
  t.deepEqual(commandsOf(found), [
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example.test/debian bookworm-backports main\ntee ${FILE}`,
    'apt-get update',
    `${INSTALL} incus-client incus-base`,
  ]);
  t.deepEqual(undoOf(found), [
    'apt-get purge --yes --autoremove incus-client incus-base',
    `rm -f ${FILE}`,
    'apt-get update',
  ]);
});

test('a source that apt has is not added a second time', (t) => {
  const found = finding(
    'packages',
    onSystem('debian', 12, 'bookworm', { aptSuites: new Set(['bookworm-backports']) }),
  );
  t.deepEqual(commandsOf(found), ['apt-get update', `${INSTALL} incus-client incus-base`]);
  t.deepEqual(undoOf(found), ['apt-get purge --yes --autoremove incus-client incus-base']);
});

for (const [id, version, codename, install] of [
  ['debian', 13, 'trixie', 'incus-client incus-base'],
  ['debian', NaN, 'forky', 'incus-client incus-base'],
  ['ubuntu', 25.04, 'plucky', 'incus-client incus-base'],
  ['ubuntu', 24.04, 'noble', 'incus-client incus'],
] as const) {
  test(`${codename}: from its own archive, without virtual machines where that can be had`, (t) => {
    const found = finding('packages', onSystem(id, version, codename));
    t.deepEqual(commandsOf(found), ['apt-get update', `${INSTALL} ${install}`]);
  });
}

for (const [id, version, codename] of [
  ['debian', 11, 'bullseye'],
  ['ubuntu', 22.04, 'jammy'],
  ['arch', NaN, ''],
] as const) {
  test(`${id} ${version}: no packages, and it is said where there are some`, (t) => {
    const found = finding('packages', onSystem(id, version, codename));
    t.like(found, { severity: 'blocker', fix: null });
    t.regex(found.advice ?? '', /Debian 12.*backports.*Ubuntu 24\.04/);
  });
}

test("an Incus from elsewhere that does not answer is not judged by this system's packages", (t) => {
  const facts = {
    programs: programs('incus', ...COMMON),
    operatingSystem: { id: 'arch', version: NaN, codename: '' },
  };
  t.is(finding('packages', { needs, engine: GONE, facts }).severity, 'ok');
});

test('an Incus that answers needs nothing of LXD', (t) => {
  const state = hostState({ needs, engine: { version: '6.0.4' }, facts: { programs: programs('apt-get') } });
  const found = findingsOf(state).filter(({ id }) => id === 'packages' || id === 'daemon');
  t.deepEqual(
    found.map(({ severity }) => severity),
    ['ok', 'ok'],
  );
});

for (const [version, severity] of [
  ['6.0', 'ok'],
  ['7.3', 'ok'],
  ['5.21', 'blocker'],
  ['0.7', 'blocker'],
] as const) {
  test(`Incus ${version}: ${severity}`, (t) => {
    const found = finding('daemon', { needs, engine: { version } });
    t.is(found.severity, severity);
    t.regex(found.cause, new RegExp(`^Incus ${version} answers`));
  });
}

test('with systemd its service is started, else the daemon, which its package puts outside of the search path', (t) => {
  const service = finding('daemon', { needs, engine: GONE });
  t.deepEqual(commandsOf(service), ['systemctl start incus', 'incus admin waitready --timeout=60']);
  t.deepEqual(undoOf(service), ['systemctl stop incus']);
  const byHand = finding('daemon', { needs, engine: GONE, facts: { systemd: false } });
  t.deepEqual(commandsOf(byHand), [
    'mkdir -p /var/log/incus',
    '/usr/libexec/incus/incusd --group incus-admin --logfile=/var/log/incus/incus.log',
    'incus admin waitready --timeout=60',
  ]);
  t.deepEqual(undoOf(byHand), ['incus admin shutdown --timeout=60']);
  t.true(byHand.fix?.commands[1]?.daemon);
});

for (const unreachable of [
  'no permission to talk to Incus: …',
  'Incus does not trust this user',
  'Incus hangs: its daemon is there and gave no answer within 6 s',
]) {
  test(`nothing is started against "${unreachable.slice(0, 24)}…", and the way out is told`, (t) => {
    const found = finding('daemon', { needs, engine: { ...GONE, unreachable, hint: 'the way out' } });
    t.like(found, { severity: 'blocker', fix: null, advice: 'the way out' });
  });
}
