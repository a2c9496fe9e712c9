import test from 'ava';
import { ABSENT, finding, GIB, hostState, programs } from './host-state.ts';
import { findingGroups, findingsOf } from '../../../src/host/findings/all-findings.ts';

const needs = { provider: 'kind' } as const;
const GONE = {
  ...ABSENT,
  unreachable: 'Docker does not answer: Cannot connect to the Docker daemon',
  hint: 'Start its daemon: sudo systemctl start docker',
};

for (const { title, egress, root, severity } of [
  { title: 'blocked, for root', egress: 'blocked', root: true, severity: 'ok' },
  { title: 'blocked, for a user', egress: 'blocked', root: false, severity: 'blocker' },
  { title: 'open, for a user', egress: 'open', root: false, severity: 'ok' },
] as const) {
  test(`egress ${title}: ${severity}`, (t) => {
    const found = finding('egress', { needs: { ...needs, egress }, facts: { root } });
    t.is(found.severity, severity);
    if (severity !== 'blocker') return;
    t.is(found.fix, null, 'no command of ours makes a user root');
    t.regex(found.advice ?? '', /as root.*--set egress=open.*provider: lxd/);
  });
}

test("an engine that blocks the way out itself is asked nothing of the user's rights", (t) => {
  const ids = findingsOf(hostState({ facts: { root: false } })).map(({ id }) => id);
  t.false(ids.includes('egress'));
});

test("a container engine that is away is told with the provider's advice, and no command of ours", (t) => {
  const found = finding('daemon', { needs, engine: GONE });
  t.like(found, { severity: 'blocker', fix: null, advice: GONE.hint, cause: GONE.unreachable });
});

test('what only LXD and Incus need is not looked for', (t) => {
  const bare = { programs: programs('nft', 'apt-get'), port53: ['0.0.0.0'] };
  const found = findingsOf(hostState({ needs: { ...needs, egress: 'open' }, facts: bare }));
  t.deepEqual(
    found.filter(({ severity }) => severity !== 'ok'),
    [],
  );
});

test('nobody who asks for kind reads of LXD, but as a way out', (t) => {
  const states = [
    hostState({ needs }),
    hostState({ needs, engine: GONE }),
    hostState({ needs, facts: { ipv6Disabled: ['all', 'default'], capSysResource: false, docker: true } }),
    hostState({ needs, facts: { cacheFreeBytes: 1, poolFreeBytes: 1, port53: ['::'] } }),
    hostState({ needs, facts: { root: false, docker: true }, forward: { IPv4: 'unknown', IPv6: 'unknown' } }),
  ];
  const told = states.flatMap(findingGroups).flatMap(({ findings }) => findings);
  for (const { id, cause, consequence } of told)
    t.notRegex(`${cause} ${consequence ?? ''}`, /lxd|incus/i, id);
});

for (const { free, severity } of [
  { free: 4 * GIB - 1, severity: 'blocker' },
  { free: 4 * GIB, severity: 'ok' },
  { free: null, severity: 'ok' },
] as const) {
  test(`${free ?? 'unknown'} bytes free where the engine keeps nodes, for two of them: ${severity}`, (t) => {
    const found = finding('storage', {
      needs: { ...needs, nodes: 2 },
      engine: { storageDriver: 'overlay2', storageFreeBytes: free },
    });
    t.is(found.severity, severity);
    if (severity === 'blocker') t.regex(found.cause, /4\.0 GiB free.*4\.0 GiB needed for 2 node/);
  });
}
