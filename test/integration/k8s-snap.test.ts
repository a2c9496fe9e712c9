import { execa } from 'execa';
import { buildK8sRig } from './k8s-rig.ts';
import {
  assertNothingLeft,
  assertPassed,
  realTest as test,
  readWrittenReport,
  reportFolder,
} from './real-engine.ts';
import { runEntry } from '../support/run-entry.ts';
import type { Report } from '../../src/report/report.ts';

const program = buildK8sRig('k8s');
// Whoever awaits it is told; without this a failure before that would end the process.
program.catch(() => undefined);

async function run(
  binary: string,
  ...more: string[]
): Promise<{ status: number | null; stderr: string; report: Report }> {
  const folder = reportFolder();
  const { status, stderr } = await runEntry([
    'run',
    'scenarios/k8s-snap-dualstack.yaml',
    '--set',
    `binary=${binary}`,
    '--no-egress',
    '--report-dir',
    folder,
    ...more,
  ]);
  return { status, stderr, report: readWrittenReport(folder) };
}

for (const [mode, name] of [
  ['pipe', 'over pipes'],
  ['pty', 'over a terminal'],
] as const) {
  test(`the stand-in for k8s, bootstrapped by answering its questions ${name}: dual-stack, both ClusterIPs`, async (t) => {
    const { status, stderr, report } = await run(await program, '--set', `dialogue.mode=${mode}`);
    t.is(status, 0, stderr.slice(-3000));
    await assertPassed(t, report);
    const [dialogue] = report.dialogues;
    t.like(dialogue, { name: 'bootstrap', mode, outcome: 'answered', omittedBytes: 0 });
    const said = (dialogue?.entries ?? []).filter(({ who }) => who === 'answer').map(({ text }) => text);
    t.deepEqual(said, ['network,dns\n', '10.1.0.0/16,fd01::/108\n', '10.152.183.0/24,fd98::/108\n']);
    t.true(report.notices.some((notice) => notice.includes('STAND-IN')));
  });
}

test('the stand-in with two workers that join by token, bootstrapped by a file', async (t) => {
  const { status, stderr, report } = await run(
    await program,
    '--set',
    'bootstrap=file',
    '--set',
    'nodes.workers=2',
  );
  t.is(status, 0, stderr.slice(-3000));
  await assertPassed(t, report);
  t.is(report.nodes.length, 3);
  t.deepEqual(report.dialogues, []);
});

/** What is still there of the program and of all that it started, in a node. */
async function processesOf(node: string): Promise<string[]> {
  const { stdout } = await execa(
    'lxc',
    ['exec', '--force-noninteractive', '--disable-stdin', `local:${node}`, '--', 'ps', '-eo', 'args'],
    { stdin: 'ignore' },
  );
  return stdout.split('\n').filter((line) => /k8s bootstrap|sleep 3600/.test(line));
}

for (const [mood, outcome, told] of [
  ['flood', 'flood', /it printed more than/],
  ['silent', 'silence', /it printed nothing for 30000 ms, and features was awaited/],
  ['reworded', 'unknown-prompt', /seen +"Features to enable, separated by commas/],
  ['stubborn', 'silence', /pod-cidr was awaited/],
] as const) {
  test(`a program that is ${mood}: exit 4 with its name, and nothing of it is left in the node`, async (t) => {
    const binary = await buildK8sRig('hostile', mood);
    const { status, stderr, report } = await run(binary, '--keep', 'on-failure');
    t.teardown(() => runEntry(['down', report.runId]));
    t.is(status, 4, stderr.slice(-3000));
    t.is(report.dialogues[0]?.outcome, outcome);
    t.regex(report.failure?.message ?? '', told);
    const [node] = report.nodes;
    t.deepEqual(await processesOf(node?.name ?? ''), []);
    t.is((await runEntry(['down', report.runId])).status, 0);
    await assertNothingLeft(t, report.runId);
  });
}
