import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildRig } from './rig.ts';
import { assertNothingLeft, readWrittenReport, realTest as test, reportFolder } from './real-engine.ts';
import { runEntry, startEntry, type RunningEntry } from '../support/run-entry.ts';

// What programs that ask badly do to a run, with the compiled program and in real nodes. The forms of a good dialogue: k8s-snap.test.ts.

const MOST_MEMORY_KB = 64 * 1024;

function start(binary: string, folder: string, ...more: string[]): RunningEntry {
  const own = [
    '--set',
    'install=preinstalled',
    '--set',
    `binary=${binary}`,
    '--no-egress',
    '--report-dir',
    folder,
  ];
  return startEntry(['run', 'scenarios/k8s-snap-dualstack.yaml', ...own, ...more]);
}

/** A field of /proc/PID/status, in kB; null when the process is gone. */
function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number | null {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
    );
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}

/** What is still at work in a node of a program and of all that it started. */
async function processesOf(node: string): Promise<string[]> {
  const args = [
    'exec',
    '--force-noninteractive',
    '--disable-stdin',
    `local:${node}`,
    '--',
    'ps',
    '-eo',
    'args',
  ];
  const { stdout } = await execa('lxc', args, { stdin: 'ignore' });
  return stdout.split('\n').filter((line) => /k8s bootstrap|sleep 3600/.test(line));
}

for (const mode of ['pipe', 'pty'] as const) {
  test(`a flood in a node, over a ${mode}: little memory of ours, and nothing of it is left in the node`, async (t) => {
    const folder = reportFolder();
    const binary = await buildRig('hostile', { mood: 'flood' });
    const run = start(binary, folder, '--keep', 'on-failure', '--set', `dialogue.mode=${mode}`);
    await run.stderrMatches(/k8s bootstrap on \S+ …/);
    const pid = run.child.pid ?? 0;
    const before = memoryOf(pid, 'VmRSS') ?? 0;
    let most = 0;
    const sampling = setInterval(() => (most = Math.max(most, memoryOf(pid, 'VmHWM') ?? 0)), 20);
    const { status, stderr } = await run.result;
    clearInterval(sampling);
    const report = readWrittenReport(folder);
    t.teardown(() => runEntry(['down', report.runId]));
    t.is(status, 4, stderr.slice(-3000));
    t.is(report.dialogues[0]?.outcome, 'flood');
    t.log(`${Math.round((most - before) / 1024)} MB more than ${Math.round(before / 1024)} MB`);
    t.true(most > 0 && most - before < MOST_MEMORY_KB, `${most - before} kB`);
    t.deepEqual(await processesOf(report.nodes[0]?.name ?? ''), []);
    t.is((await runEntry(['down', report.runId])).status, 0);
    await assertNothingLeft(t, report.runId);
  });
}

test('Ctrl-C in the midst of a dialogue: status 130, a transcript that says so, nothing left', async (t) => {
  const folder = reportFolder();
  // It takes the first answer, and never says anything again.
  const run = start(await buildRig('hostile', { mood: 'stubborn' }), folder);
  await run.stderrMatches(/features was asked for and is answered \(1\/3\)/);
  run.child.kill('SIGINT');
  const { status, stderr } = await run.result;
  t.is(status, 130, stderr.slice(-3000));
  const report = readWrittenReport(folder);
  t.is(report.outcome, 'aborted');
  t.deepEqual(report.cleanup, { outcome: 'complete', leaked: [] });
  await assertNothingLeft(t, report.runId);
  const [dialogue] = report.dialogues;
  t.is(dialogue?.outcome, 'aborted');
  const file = join(folder, 'transcripts', 'bootstrap.txt');
  t.true(existsSync(file));
  const text = readFileSync(file, 'utf8');
  t.regex(text, /over a pipe: aborted: the dialogue was given up\n/);
  t.regex(text, /program {2}Which features would you like to enable\?/);
  t.regex(text, /answer {3}network,dns\n/);
  t.notRegex(stderr, /could not be ended/);
});

test('an image without the program that makes a terminal: told with the way out', async (t) => {
  const folder = reportFolder();
  const run = start(
    await buildRig('hostile', { mood: 'without-script' }),
    folder,
    '--set',
    'dialogue.mode=pty',
  );
  const { status, stderr } = await run.result;
  t.is(status, 4, stderr.slice(-3000));
  const report = readWrittenReport(folder);
  t.regex(report.failure?.message ?? '', /has no script\(1\) of util-linux.*dialogue\.mode: pipe/);
  await assertNothingLeft(t, report.runId);
});
