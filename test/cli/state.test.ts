import test from 'ava';
import { visit, type Visitor } from './command-line.ts';
import { scenarioListSchema } from '../../src/commands/list.ts';
import { psDocumentSchema } from '../../src/documents/runs-document.ts';

interface Listed {
  readonly file: string;
  readonly name: string;
  readonly nodes: number;
  readonly runsHere: boolean;
  readonly obstacles: readonly { readonly id: string; readonly fixable: boolean }[];
}

test.serial(
  'list names the scenarios of this repository, and says what keeps them from running here',
  async (t) => {
    const visitor = await visit(t);
    await visitor.addProgram('apt-get', '');
    const { status, stdout, stderr } = await visitor.run(['list']);
    t.is(status, 0);
    t.regex(stdout, /^scenarios\/quickstart\.yaml +1 nodes? +kubeadm [\d.]+ +not here +One node/m);
    t.regex(stdout, /^scenarios\/rejected-service-cidr\.yaml +- +- +runs here /m);
    t.regex(stderr, /^not here: LXD is not installed/m);
    t.regex(stderr, /^`twinstack doctor` tells /m);
    t.is(stderr.match(/LXD is not installed/g)?.length, 1);
    const json = await visitor.run(['list', '--json']);
    const listed = JSON.parse(json.stdout) as Listed[];
    t.is(listed.length, stdout.trimEnd().split('\n').length);
    t.notThrows(() => scenarioListSchema.parse(listed));
    const quickstart = listed.find(({ name }) => name === 'quickstart');
    t.like(quickstart, { file: 'scenarios/quickstart.yaml', nodes: 1, runsHere: false });
    t.true(quickstart?.obstacles.some(({ id }) => id === 'daemon'));
    t.deepEqual(await visitor.belongings(), []);
  },
);

for (const words of [['ps'], ['gc'], ['down', '--all'], ['image', 'list'], ['ps', '--caches']]) {
  test.serial(
    `${words.join(' ')}: without an engine and without runs there is nothing, and that is fine`,
    async (t) => {
      const visitor = await visit(t);
      const { status, stdout, stderr } = await visitor.run(words);
      t.is(status, 0, stderr);
      t.is(stderr, '');
      t.regex(stdout, /^(no runs|nothing to remove|no node images)\n/);
      const json = await visitor.run([...words, '--json']);
      t.is(json.status, 0);
      t.notThrows(() => JSON.parse(json.stdout) as unknown, json.stdout);
      t.deepEqual(await visitor.belongings(), []);
    },
  );
}

for (const verb of ['kubeconfig', 'logs', 'shell', 'report', 'down']) {
  test.serial(`${verb} of a run that is not there`, async (t) => {
    const visitor = await visit(t);
    const { status, stdout, stderr } = await visitor.run([verb, 'nope']);
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr, /"nope"/);
    t.deepEqual(await visitor.belongings(), []);
  });
}

test.serial('report of what is no report', async (t) => {
  const visitor = await visit(t);
  const notJson = await visitor.write('report.json', 'hello');
  const noReport = await visitor.write('other/report.json', '{"schemaVersion":1}');
  for (const [path, said] of [
    [notJson, /is not JSON/],
    [noReport, /is not a report/],
    [visitor.file('home'), /there is no such file/],
  ] as const) {
    const { status, stdout, stderr } = await visitor.run(['report', path]);
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr, said);
  }
});

/** The record and the journal of a run whose process is gone, and that had begun to make a node with LXD. */
async function writeDeadRun(visitor: Visitor, runId: string, remaining: boolean): Promise<void> {
  const run = `home/.local/state/twinstack/runs/${runId}`;
  const startedAt = '2026-01-01T00:00:00.000Z';
  const record = {
    schemaVersion: 1,
    runId,
    scenario: { name: 'quickstart', file: 'scenarios/quickstart.yaml' },
    provider: 'lxd',
    lease: { machineId: 'other', bootId: 'other', pid: 1, startTicks: 1, expiresAt: startedAt },
    startedAt,
    state: 'running',
    ranges: [],
    nodes: [],
    reportDir: '/nowhere',
  };
  await visitor.write(`${run}/run.json`, JSON.stringify(record));
  const node = { kind: 'instance', name: `ts-${runId}-control-plane-1` };
  const entries = [
    { at: startedAt, event: 'creating', ...node },
    ...(remaining ? [] : [{ at: startedAt, event: 'removed', ...node }]),
  ];
  await visitor.write(`${run}/journal.jsonl`, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

test.serial('a journal that names objects of an engine that is gone is told, with 5', async (t) => {
  const visitor = await visit(t);
  await writeDeadRun(visitor, 'a1b2c3', true);
  for (const [words, said] of [
    [['ps'], /^a1b2c3 +quickstart +dead +not known /m],
    [['gc'], /^a1b2c3 +could not be removed entirely$/m],
    [['down', 'a1b2c3'], /^a1b2c3 +could not be removed entirely$/m],
  ] as const) {
    const { status, stdout, stderr } = await visitor.run(words);
    t.is(status, 5, words.join(' '));
    t.regex(stdout, said);
    t.regex(stderr, /LXD is not installed/);
  }
  const { runs } = psDocumentSchema.parse(JSON.parse((await visitor.run(['ps', '--json'])).stdout));
  t.regex(runs[0]?.unreachable?.message ?? '', /LXD is not installed/);
});

test.serial('an engine that is gone keeps no other run from being removed', async (t) => {
  const visitor = await visit(t);
  await writeDeadRun(visitor, 'a1b2c3', true);
  await writeDeadRun(visitor, 'd4e5f6', false);
  const down = await visitor.run(['down', 'd4e5f6']);
  t.is(down.status, 0, down.stderr);
  t.regex(down.stdout, /^d4e5f6 +removed$/m);
  t.is(down.stderr, '');
  await writeDeadRun(visitor, 'd4e5f6', false);
  const gc = await visitor.run(['gc']);
  t.is(gc.status, 5, gc.stderr);
  t.regex(gc.stdout, /^d4e5f6 +removed$/m);
  t.regex(gc.stdout, /^a1b2c3 +could not be removed entirely$/m);
  t.is(gc.stderr.match(/LXD is not installed/g)?.length, 1);
});
