import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { RunNotFoundError, RunStore, type RunRecord } from '../../../src/run/run-store.ts';
import { sampleLease } from '../../support/owner.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

function record(runId: string, name: string, startedAt: string): RunRecord {
  return {
    schemaVersion: 1,
    runId,
    scenario: { name, file: `scenarios/${name}.yaml` },
    provider: 'lxd',
    lease: sampleLease(),
    startedAt,
    state: 'running',
    ranges: [],
    nodes: [],
    reportDir: '/tmp/report',
  };
}

const RUNS = [
  record('k7f3q2', 'quickstart', '2026-03-04T05:00:00.000Z'),
  record('k7zzzz', 'quickstart', '2026-03-04T06:00:00.000Z'),
  record('abcdef', 'three-nodes', '2026-03-04T04:00:00.000Z'),
  record('quick1', 'other', '2026-03-04T03:00:00.000Z'),
  record('quick', 'prefix-of-another', '2026-03-04T02:00:00.000Z'),
];

async function storeWithRuns(directory: string): Promise<RunStore> {
  const store = new RunStore(directory);
  for (const run of RUNS) await store.create(run);
  return store;
}

for (const { title, name, found } of [
  { title: 'an id', name: 'k7f3q2', found: 'k7f3q2' },
  { title: 'an id that another one begins with', name: 'quick', found: 'quick' },
  { title: 'a prefix that one run has', name: 'k7f', found: 'k7f3q2' },
  { title: "a scenario's name: its newest run", name: 'quickstart', found: 'k7zzzz' },
  { title: "a scenario's name that one run has", name: 'three-nodes', found: 'abcdef' },
]) {
  test(`find takes ${title}`, async (t) => {
    const store = await storeWithRuns(temporaryDirectory(t));
    t.is((await store.find(name)).runId, found);
  });
}

for (const { title, name, message } of [
  { title: 'a prefix of several', name: 'k7', message: /beginning of several runs: k7f3q2, k7zzzz/ },
  { title: 'what is no run', name: 'nope', message: /no run "nope"; runs here: .*k7f3q2 \(quickstart\)/ },
  { title: 'an empty name', name: '', message: /several runs/ },
]) {
  test(`find refuses ${title} and says what there is`, async (t) => {
    const store = await storeWithRuns(temporaryDirectory(t));
    await t.throwsAsync(store.find(name), { instanceOf: RunNotFoundError, message });
  });
}

test('find says when there are no runs at all', async (t) => {
  const store = new RunStore(temporaryDirectory(t));
  await t.throwsAsync(store.find('k7f3q2'), { message: /runs here: none/ });
});

test('runs are listed oldest first; a folder without a readable record is none', async (t) => {
  const directory = temporaryDirectory(t);
  const store = await storeWithRuns(directory);
  mkdirSync(join(directory, 'runs', 'killed'));
  mkdirSync(join(directory, 'runs', 'broken'));
  writeFileSync(join(directory, 'runs', 'broken', 'run.json'), '{"schemaVersion": 1');
  const ids = (await store.list()).map(({ runId }) => runId);
  t.deepEqual(ids, ['quick', 'quick1', 'abcdef', 'k7f3q2', 'k7zzzz']);
});

test('an id is never used twice', async (t) => {
  const store = await storeWithRuns(temporaryDirectory(t));
  await t.throwsAsync(store.create(record('k7f3q2', 'again', '2026-03-04T07:00:00.000Z')), {
    code: 'EEXIST',
  });
});

test('the kubeconfig is for the user alone, and is forgotten without the rest', async (t) => {
  const store = await storeWithRuns(temporaryDirectory(t));
  const file = await store.writeKubeconfig('k7f3q2', 'secret');
  t.is(statSync(file).mode & 0o777, 0o600);
  t.is(statSync(store.directoryOf('k7f3q2')).mode & 0o777, 0o700);
  await store.forgetSecrets('k7f3q2');
  t.throws(() => statSync(file), { code: 'ENOENT' });
  t.is((await store.find('k7f3q2')).scenario.name, 'quickstart');
  await t.notThrowsAsync(store.forgetSecrets('k7f3q2'));
});
