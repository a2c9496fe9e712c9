import { access, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test, { type ExecutionContext } from 'ava';
import { ROOT, visit, type Visitor } from './command-line.ts';

// None of these may ever say --yes: a run that goes on would set up this host.

const BAD = 'name: bad\nnetwork:\n  services: [10.152.183.0/24, fd98::/64]\n';

interface ReportDocument {
  readonly outcome: string;
  readonly exitCode: number;
  readonly scenario: { readonly name: string };
  readonly nodes: readonly unknown[];
  readonly checks: readonly unknown[];
  readonly failure: { readonly class: string; readonly message: string; readonly hint: string } | null;
}

async function readValidReport(t: ExecutionContext, directory: string): Promise<ReportDocument> {
  const schema = JSON.parse(await readFile(join(ROOT, 'schemas', 'report.schema.json'), 'utf8')) as object;
  const report = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')) as ReportDocument;
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  t.true(validate(report), JSON.stringify(validate.errors));
  return report;
}

/** An apt-get that only tells that it was called: with it in PATH there are commands that could set this host up. */
async function addAptGet(visitor: Visitor): Promise<() => Promise<boolean>> {
  const marker = visitor.file('apt-get-was-called');
  await visitor.addProgram('apt-get', `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '');`);
  return () =>
    access(marker).then(
      () => true,
      () => false,
    );
}

test.serial('a refused scenario is 2, with a report that has no nodes and no checks', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('bad.yaml', BAD);
  const directory = visitor.file('report');
  const { status, stdout, stderr } = await visitor.run(['run', file, '--report-dir', directory]);
  t.is(status, 2);
  t.is(stdout, '');
  t.true(stderr.startsWith(`${file}:3:31 network.services[1]: `), stderr);
  t.deepEqual((await readdir(directory)).sort(), ['events.jsonl', 'junit.xml', 'report.json', 'summary.md']);
  const report = await readValidReport(t, directory);
  t.like(report, { outcome: 'error', exitCode: 2, nodes: [], checks: [], failure: { class: 'usage' } });
  t.true(report.failure?.message.includes('service-cidr-size'));
  t.deepEqual(await visitor.belongings(), []);
});

test.serial('--json prints what report.json says, and nothing else', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('bad.yaml', BAD);
  const directory = visitor.file('report');
  const { status, stdout } = await visitor.run(['run', file, '--json', '--report-dir', directory]);
  t.is(status, 2);
  t.deepEqual(JSON.parse(stdout), await readValidReport(t, directory));
});

test.serial('without --report-dir the report is kept below the state directory', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('bad.yaml', BAD);
  const { status } = await visitor.run(['run', file], { XDG_STATE_HOME: visitor.file('state') });
  t.is(status, 2);
  const runs = visitor.file('state/twinstack/runs');
  const [runId = '', ...others] = await readdir(runs);
  t.deepEqual(others, []);
  const report = await readValidReport(t, join(runs, runId, 'report'));
  t.like(report, { runId, exitCode: 2 });
});

test.serial('a refusal that is expected is 0', async (t) => {
  const visitor = await visit(t);
  const directory = visitor.file('report');
  const { status, stdout } = await visitor.run([
    'run',
    'scenarios/rejected-service-cidr.yaml',
    '--report-dir',
    directory,
  ]);
  t.is(status, 0);
  t.is(stdout, '');
  const report = await readValidReport(t, directory);
  t.like(report, { outcome: 'passed', exitCode: 0, nodes: [], checks: [], failure: null });
});

test.serial('without an engine, a terminal and --yes: 3, with the commands and the option', async (t) => {
  const visitor = await visit(t);
  const wasCalled = await addAptGet(visitor);
  const directory = visitor.file('report');
  const { status, stdout, stderr } = await visitor.run(['run', '--report-dir', directory]);
  t.is(status, 3, stderr);
  t.is(stdout, '');
  t.regex(stderr, /LXD is not installed/);
  t.regex(stderr, /--yes/);
  t.regex(stderr, /^ {2}(sudo )?(apt-get install --yes|systemctl start lxd|lxd --group lxd)/m);
  t.regex(stderr, /doctor --undo/);
  const report = await readValidReport(t, directory);
  t.like(report, {
    outcome: 'error',
    exitCode: 3,
    scenario: { name: 'quickstart' },
    nodes: [],
    checks: [],
    failure: { class: 'preflight' },
  });
  t.true(report.failure?.hint.includes('--yes'));
  t.false(await wasCalled());
  t.deepEqual(await visitor.belongings(), []);
});

test.serial('doctor --fix without a terminal and --yes changes nothing: 2, and the option', async (t) => {
  const visitor = await visit(t);
  const wasCalled = await addAptGet(visitor);
  const { status, stdout, stderr } = await visitor.run(['doctor', '--fix']);
  t.is(status, 2, stderr);
  t.is(stdout, '');
  t.regex(stderr, /Answer it with --yes/);
  t.false(await wasCalled());
  t.deepEqual(await visitor.belongings(), []);
});

test.serial('doctor tells each finding, as text and as one document, and changes nothing', async (t) => {
  const visitor = await visit(t);
  await addAptGet(visitor);
  const { status, stdout } = await visitor.run(['doctor']);
  t.is(status, 3);
  t.regex(stdout, /^ {2}STOP {2}daemon +LXD is not installed: there is no lxc in PATH$/m);
  const json = await visitor.run(['doctor', '--json']);
  t.is(json.status, 3);
  const { findings } = JSON.parse(json.stdout) as { findings: { id: string; severity: string }[] };
  t.true(findings.some(({ id, severity }) => id === 'daemon' && severity === 'blocker'));
  t.deepEqual(await visitor.belongings(), []);
});

test.serial('doctor --undo with nothing to undo', async (t) => {
  const visitor = await visit(t);
  const { status, stderr } = await visitor.run(['doctor', '--undo']);
  t.deepEqual({ status, stderr }, { status: 0, stderr: 'nothing to undo\n' });
});

test.serial(
  'several scenarios: a report each, an index, and the status that outranks the others',
  async (t) => {
    const visitor = await visit(t);
    await addAptGet(visitor);
    const bad = await visitor.write('bad.yaml', BAD);
    const directory = visitor.file('report');
    const files = ['scenarios/rejected-service-cidr.yaml', bad, 'scenarios/ipv4-only.yaml'];
    const { status, stdout } = await visitor.run(['run', ...files, '--json', '--report-dir', directory]);
    t.is(status, 3);
    const index = JSON.parse(stdout) as { exitCode: number; runs: { directory: string; exitCode: number }[] };
    t.deepEqual(index, JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')));
    t.deepEqual(
      index.runs.map(({ exitCode }) => exitCode),
      [0, 2, 3],
    );
    for (const run of index.runs) {
      t.is((await readValidReport(t, join(directory, run.directory))).exitCode, run.exitCode);
    }
  },
);

test.serial("a run's folder is for its user alone, its report included", async (t) => {
  const visitor = await visit(t);
  t.is((await visitor.run(['run', await visitor.write('bad.yaml', BAD)])).status, 2);
  const runs = join(visitor.home, '.local', 'state', 'twinstack', 'runs');
  const [runId = ''] = await readdir(runs);
  t.is((await stat(join(runs, runId))).mode & 0o777, 0o700);
});
