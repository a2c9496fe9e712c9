import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { machineIdentity, processStartTicks } from '../../src/run/lease.ts';
import { passedRun, RUN_ID, runStarted } from '../unit/report/recorded-run.ts';
import { visit, type Visitor } from './command-line.ts';

const REQUEST = {
  version: '0.1.0',
  sha256: 'ab'.repeat(32),
  families: ['ipv4', 'ipv6'],
  pods: ['10.1.0.0/16', 'fd01::/108'],
  services: ['10.152.183.0/24', 'fd98::/108'],
  distribution: { name: 'kubeadm', version: '1.36.3' },
  checks: [],
};

/** A run that wrote events and no report; its last line was cut off. */
async function leaveEvents(visitor: Visitor, lease: object, state = 'running'): Promise<void> {
  const reportDir = visitor.file('events');
  const events = [{ ...runStarted(), request: REQUEST }, ...passedRun().slice(1, 14)];
  const lines = events.map((event) => JSON.stringify(event)).join('\n');
  await visitor.write('events/events.jsonl', `${lines}\n{"at":"2026-03-04T05:0`);
  const record = {
    schemaVersion: 1,
    runId: RUN_ID,
    scenario: { name: 'quickstart', file: 'scenarios/quickstart.yaml' },
    provider: 'lxd',
    lease,
    startedAt: '2026-03-04T05:06:07.000Z',
    state,
    ranges: [],
    nodes: [],
    reportDir,
  };
  await visitor.write(`home/.local/state/twinstack/runs/${RUN_ID}/run.json`, JSON.stringify(record));
}

const DEAD = { machineId: 'm', bootId: 'b', pid: 1, startTicks: 1, expiresAt: '2026-01-01T00:00:00.000Z' };

async function alive(): Promise<object> {
  const startTicks = await processStartTicks(process.pid);
  return {
    ...(await machineIdentity()),
    pid: process.pid,
    startTicks,
    expiresAt: '2099-01-01T00:00:00.000Z',
  };
}

test('a killed run is told from its events, by id and by folder, and says that it is', async (t) => {
  const visitor = await visit(t);
  await leaveEvents(visitor, DEAD);
  for (const name of [RUN_ID, 'quickstart', visitor.file('events')]) {
    const { status, stdout, stderr } = await visitor.run(['report', name]);
    t.is(status, 0, stderr);
    t.regex(stdout, /^KILLED {2}quickstart {2}run k7f3q2.*\nIt was killed and wrote no report/);
    t.regex(stdout, /bootstrap .*8\.5s/);
    t.true(stdout.includes('fd01::/108'));
    t.regex(stdout, /twinstack gc/);
  }
  const json = await visitor.run(['report', RUN_ID, '--json']);
  t.like(JSON.parse(json.stdout), { runId: RUN_ID, outcome: 'error', cleanup: { outcome: 'incomplete' } });
});

test('what gc removed since is no longer said to be left', async (t) => {
  const visitor = await visit(t);
  await leaveEvents(visitor, DEAD, 'finished');
  const { stdout } = await visitor.run(['report', RUN_ID]);
  t.regex(stdout, /clean-up +complete/);
});

test('a run that is at work is told as far as it went; there is no document of it yet', async (t) => {
  const visitor = await visit(t);
  await leaveEvents(visitor, await alive());
  const { status, stdout } = await visitor.run(['report', RUN_ID]);
  t.is(status, 0);
  t.regex(stdout, /^RUNNING {2}quickstart.*\nStill at work/);
  t.notRegex(stdout, /FAIL|Failure|gc/);
  const json = await visitor.run(['report', RUN_ID, '--json']);
  t.is(json.status, 2);
  t.is(json.stdout, '');
  t.regex(json.stderr, /still at work[^]*events\.jsonl/);
});

test('a damaged report of a run, of a folder and of several: 2, with file and fault, and no stack', async (t) => {
  const visitor = await visit(t);
  await leaveEvents(visitor, DEAD);
  await visitor.write('events/report.json', '{"schemaVersion": 1, "runId');
  await visitor.write('several/index.json', '{"schemaVersion": 1}');
  await visitor.write('lines/events.jsonl', '{"type":\n{}\n');
  for (const [name, said] of [
    [RUN_ID, /events\/report\.json is not JSON/],
    [visitor.file('events'), /events\/report\.json is not JSON/],
    [visitor.file('several'), /index\.json is not an index of reports: exitCode/],
    [visitor.file('lines'), /events\.jsonl:1 is not an event: it is not JSON/],
  ] as const) {
    const { status, stdout, stderr } = await visitor.run(['report', name]);
    t.is(status, 2, name);
    t.is(stdout, '');
    t.regex(stderr, said);
    t.notRegex(stderr, /^ +at /m);
  }
});

test('a folder of several runs is a table, with why those that did not pass did not', async (t) => {
  const visitor = await visit(t);
  const bad = await visitor.write(
    'bad.yaml',
    'name: bad\nnetwork:\n  services: [10.152.183.0/24, fd98::/64]\n',
  );
  const directory = visitor.file('report');
  await visitor.run(['run', 'scenarios/rejected-service-cidr.yaml', bad, '--report-dir', directory]);
  const { status, stdout } = await visitor.run(['report', directory]);
  t.is(status, 0);
  t.regex(stdout, /^1 of 2 passed, exit status 2\n/);
  t.regex(stdout, /^OUTCOME +EXIT +TIME +DUAL-STACK +RUN +SCENARIO$/m);
  t.regex(stdout, /^PASSED +0 .*rejected-service-cidr\.yaml$/m);
  t.regex(stdout, /^ERROR +2 /m);
  t.regex(stdout, /service-cidr-size/);
  t.true(stdout.includes(`twinstack report ${directory}/`));
  const json = await visitor.run(['report', directory, '--json']);
  t.deepEqual(JSON.parse(json.stdout), JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')));
});
