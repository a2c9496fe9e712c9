import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { assembleReport } from '../../../src/report/assemble-report.ts';
import { readReport } from '../../../src/report/read-report.ts';
import { indexReports, reportIndexSchema } from '../../../src/report/report-index.ts';
import { ReportWriter, writeReportIndex } from '../../../src/report/write-report.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { at, check, facts, failedCheckRun, passedRun, STEPS, V6_SERVICE } from './recorded-run.ts';

const TOKEN = 'abcdef.0123456789abcdef';
const KEY = '-----BEGIN KEY-----\nMIIB"x"\n-----END KEY-----';

const directories: string[] = [];
async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'twinstack-report-'));
  directories.push(directory);
  return directory;
}
test.after.always(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

test('a run leaves its events and its report', async (t) => {
  const directory = join(await temporary(), 'deep', 'report');
  const writer = await ReportWriter.create(directory, { redact: new Set() });
  const events = passedRun();
  for (const event of events) writer.append(event);
  const report = assembleReport(events, facts());
  t.deepEqual(await writer.write(report), report);
  t.deepEqual((await readdir(directory)).sort(), ['events.jsonl', 'junit.xml', 'report.json', 'summary.md']);
  const lines = (await readFile(join(directory, 'events.jsonl'), 'utf8')).trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    events,
  );
  t.deepEqual(await readReport(directory), report);
  t.deepEqual(await readReport(join(directory, 'report.json')), report);
  t.is((await stat(directory)).mode & 0o700, 0o700);
});

test('an event is in its file when append returns, and stays when the process is killed', async (t) => {
  const directory = await temporary();
  const module = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
  const program = `
    import { ReportWriter } from ${module('../../../src/report/write-report.ts')};
    import { passedRun } from ${module('./recorded-run.ts')};
    const writer = await ReportWriter.create(${JSON.stringify(directory)}, { redact: new Set() });
    for (const event of passedRun().slice(0, 7)) writer.append(event);
    process.kill(process.pid, 'SIGKILL');
  `;
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', program], {
    stdio: 'inherit',
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  t.is(signal, 'SIGKILL');
  const lines = (await readFile(join(directory, 'events.jsonl'), 'utf8')).trimEnd().split('\n');
  t.is(lines.length, 7);
  t.deepEqual(JSON.parse(lines.at(-1) ?? ''), passedRun()[6]);
});

test("a directory that is used again keeps nothing of an earlier run's result", async (t) => {
  const directory = await temporary();
  const first = await ReportWriter.create(directory, { redact: new Set() });
  for (const event of passedRun()) first.append(event);
  await first.write(assembleReport(passedRun(), facts()));
  await writeFile(join(directory, 'notes.txt'), "the user's");
  await ReportWriter.create(directory, { redact: new Set() });
  t.deepEqual((await readdir(directory)).sort(), ['events.jsonl', 'notes.txt']);
  t.is(await readFile(join(directory, 'events.jsonl'), 'utf8'), '');
});

test('secrets are in no file, those that are learned late neither', async (t) => {
  const directory = await temporary();
  const secrets = new Set([TOKEN]);
  const writer = await ReportWriter.create(directory, { redact: secrets });
  const [first] = STEPS;
  if (first === undefined) throw new Error('no steps');
  writer.append(
    at(1, { type: 'step-progress', step: first, text: `join --token ${TOKEN}`, done: null, total: null }),
  );
  secrets.add(KEY);
  writer.append(at(2, { type: 'notice', level: 'info', message: `it says ${KEY}` }));
  const leaky = check(V6_SERVICE, {
    outcome: 'failed',
    reason: TOKEN,
    evidence: { body: KEY, [TOKEN]: [`x${TOKEN}y`] },
  });
  const events = [...passedRun(), at(3, { type: 'check-finished', check: leaky })];
  const written = await writer.write(assembleReport(events, facts()));
  await writer.writeStackTrace(new Error(`no ${TOKEN}`, { cause: { deep: { key: KEY } } }));
  t.false(JSON.stringify(written).includes(TOKEN));
  for (const file of await readdir(directory)) {
    const text = await readFile(join(directory, file), 'utf8');
    t.false(text.includes(TOKEN), file);
    t.false(text.includes('MIIB'), file);
    t.true(text.includes('[redacted]') || file === 'summary.md', file);
  }
  t.is((await readdir(directory)).length, 5);
});

test('the stack trace has its causes', async (t) => {
  const writer = await ReportWriter.create(await temporary(), { redact: new Set() });
  const file = await writer.writeStackTrace(new Error('outer', { cause: new TypeError('inner') }));
  const text = await readFile(file, 'utf8');
  t.regex(text, /Error: outer\n\s+at /);
  t.regex(text, /TypeError: inner/);
});

test('a file that can not be written keeps no other from being written', async (t) => {
  const directory = await temporary();
  const writer = await ReportWriter.create(directory, { redact: new Set() });
  await mkdir(join(directory, 'junit.xml', 'x'), { recursive: true });
  const error = await t.throwsAsync(writer.write(assembleReport(passedRun(), facts())));
  t.regex(error?.message ?? '', /junit\.xml/);
  t.true((await readdir(directory)).includes('summary.md'));
});

const CALL = { command: 'twinstack run scenarios --shard 1/2', shard: { index: 1, total: 2 } };

test('several runs have an index, with one JUnit file and one summary', async (t) => {
  const directory = await temporary();
  const passed = assembleReport(passedRun(), facts());
  const failed = assembleReport(failedCheckRun(), facts({ scenario: null }));
  const reports = [
    { directory: '1-quickstart', provider: null, report: passed },
    { directory: '2-other', provider: null, report: failed },
  ];
  const index = await writeReportIndex(directory, reports, CALL);
  t.is(index.exitCode, 1);
  t.deepEqual(
    reportIndexSchema.parse(JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'))),
    index,
  );
  t.like(index, { ...CALL, counts: { passed: 1, failed: 1, error: 0, aborted: 0, 'timed-out': 0 } });
  t.deepEqual(
    index.runs.map((run) => [run.directory, run.name, run.file, run.exitCode, run.timeToDualStackMs]),
    [
      ['1-quickstart', 'quickstart', passed.scenario?.file, 0, passed.timeToDualStackMs],
      ['2-other', null, null, 1, null],
    ],
  );
  t.is(index.runs[0]?.reason, null);
  t.regex(index.runs[1]?.reason ?? '', /ipv6.*failed/);
  const junit = await readFile(join(directory, 'junit.xml'), 'utf8');
  t.is(junit.match(/<testsuite /g)?.length, 2);
  const summary = await readFile(join(directory, 'summary.md'), 'utf8');
  t.true(summary.startsWith('# 1 of 2 passed, shard 1 of 2 (exit status 1)\n\n| scenario |'), summary);
  t.true(summary.includes('Run it again: `twinstack run scenarios --shard 1/2`'), summary);
  t.true(summary.includes('## quickstart: passed (exit status 0)'), summary);
});

test('an empty shard has an index, and is no failure', async (t) => {
  const index = indexReports([], CALL);
  t.like(index, { exitCode: 0, runs: [], counts: { passed: 0 } });
  const directory = await temporary();
  await writeReportIndex(directory, [], CALL);
  t.regex(await readFile(join(directory, 'summary.md'), 'utf8'), /^# 0 of 0 passed.*\n\n.*this one is empty/);
});

test('two files that give the same name are told apart in JUnit and summary', async (t) => {
  const directory = await temporary();
  const report = assembleReport(passedRun(), facts());
  const other = { ...report, scenario: { name: 'quickstart', file: 'other/x.yaml', sha256: '' } };
  await writeReportIndex(
    directory,
    [report, other].map((one, index) => ({ directory: `${index}`, provider: null, report: one })),
    CALL,
  );
  const junit = await readFile(join(directory, 'junit.xml'), 'utf8');
  t.regex(junit, /<testsuite name="quickstart \(other\/x\.yaml\)"/);
  t.is(new Set(junit.match(/<testsuite name="[^"]*"/g)).size, 2);
});

const garbage: [title: string, text: string, message: RegExp][] = [
  ['nothing', '', /report\.json is not JSON/],
  ['what is not JSON', 'PASS', /report\.json is not JSON/],
  ['another document', '[]', /report\.json is not a report: the document: /],
  ['an object', '{}', /is not a report: schemaVersion: .*; and \d+ more$/],
  ['a later version', '{"schemaVersion": 2}', /has schemaVersion 2, and this version of twinstack reads 1/],
];
for (const [title, text, message] of garbage) {
  test(`reading ${title}`, async (t) => {
    const directory = await temporary();
    await writeFile(join(directory, 'report.json'), text);
    const error = await t.throwsAsync(readReport(directory), { instanceOf: FailureError, message });
    t.like(error?.failure, { class: 'usage', step: 'report' });
  });
}

test('reading a report with a fault names its place', async (t) => {
  const directory = await temporary();
  const report = assembleReport(passedRun(), facts());
  const file = join(directory, 'report.json');
  const checks = report.checks.map((result, index) =>
    index === 2 ? { ...result, id: 'service/x' } : result,
  );
  await writeFile(file, JSON.stringify({ ...report, checks }));
  await t.throwsAsync(readReport(file), { message: /: checks\[2\]\.id: / });
});

test('reading what is not there', async (t) => {
  const directory = await temporary();
  const error = await t.throwsAsync(readReport(directory), {
    instanceOf: FailureError,
    message: /there is no such file/,
  });
  t.regex(error?.failure.hint ?? '', /writes its report when it ends/);
  await t.throwsAsync(readReport(join(directory, 'none')), { message: /none: there is no such file/ });
});

test('a directory that can not be made is told', async (t) => {
  const directory = await temporary();
  await writeFile(join(directory, 'file'), '');
  await chmod(directory, 0o755);
  await t.throwsAsync(ReportWriter.create(join(directory, 'file', 'report'), { redact: new Set() }));
});
