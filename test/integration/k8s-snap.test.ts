import { execa } from 'execa';
import { runForms, type Form, type FormRuns } from './forms.ts';
import { buildRig } from './rig.ts';
import {
  assertNothingLeft,
  assertPassed,
  outcomeOf,
  readWrittenReport,
  realTest as test,
  reportFolder,
} from './real-engine.ts';
import { runEntry } from '../support/run-entry.ts';
import type { Report } from '../../src/report/report.ts';

// Real clusters in real containers, made by the stand-in for k8s in each of its forms; then programs that ask badly. What the runs of
// this file wait for is mostly not the processor, so they share it: all begin with the first test, and each test looks at one.

interface SnapForm extends Form {
  readonly title: string;
  readonly roles: readonly ('control-plane' | 'worker')[];
  readonly families: readonly ('ipv4' | 'ipv6')[];
  /** What it was answered; null where a file says it all. */
  readonly answers: readonly string[] | null;
  readonly mode: 'pipe' | 'pty';
}

const DUAL: Pick<SnapForm, 'families' | 'answers' | 'change' | 'mode' | 'roles'> = {
  families: ['ipv4', 'ipv6'],
  answers: ['network,dns\n', '10.1.0.0/16,fd01::/108\n', '10.152.183.0/24,fd98::/108\n'],
  change: {},
  mode: 'pipe',
  roles: ['control-plane'],
};

const FORMS = {
  'two-control-planes': {
    ...DUAL,
    title: 'three nodes over a terminal, two of them control planes that join by token',
    shipped: 'k8s-snap-three-nodes',
    change: { nodes: { controlPlanes: 2, workers: 1 }, dialogue: { mode: 'pty' } },
    mode: 'pty',
    roles: ['control-plane', 'control-plane', 'worker'],
  },
  'three-nodes': {
    ...DUAL,
    title: 'three nodes over pipes, two of them workers that join by token',
    shipped: 'k8s-snap-three-nodes',
    roles: ['control-plane', 'worker', 'worker'],
  },
  pipe: { ...DUAL, title: 'one node over pipes', shipped: 'k8s-snap-dualstack' },
  pty: {
    ...DUAL,
    title: 'one node over a terminal',
    shipped: 'k8s-snap-dualstack',
    change: { dialogue: { mode: 'pty' } },
    mode: 'pty',
  },
  'ipv6-only': {
    ...DUAL,
    title: 'two nodes with IPv6 addresses alone, asked',
    shipped: 'k8s-snap-ipv6-only',
    families: ['ipv6'],
    answers: ['network,dns\n', 'fd01::/108\n', 'fd98::/108\n'],
    roles: ['control-plane', 'worker'],
  },
  'ipv6-first-file': {
    ...DUAL,
    title: 'one node, dual-stack with IPv6 first, by a file',
    shipped: 'k8s-snap-dualstack',
    change: { bootstrap: 'file', network: { primaryFamily: 'IPv6' } },
    families: ['ipv6', 'ipv4'],
    answers: null,
  },
  default: {
    ...DUAL,
    title: 'one node by default: three empty lines',
    shipped: 'k8s-snap-dualstack',
    change: { network: { families: ['IPv4'] }, features: undefined },
    families: ['ipv4'],
    answers: ['\n', '\n', '\n'],
  },
} satisfies Record<string, SnapForm>;

type FormName = keyof typeof FORMS;

async function runSnapForms(): Promise<FormRuns<FormName>> {
  const binary = await buildRig('k8s');
  return await runForms(FORMS, ['--set', `binary=${binary}`, '--set', 'install=preinstalled']);
}

const MOODS = ['silent', 'reworded', 'stubborn'] as const;

interface BadProgram {
  readonly status: number | null;
  readonly stderr: string;
  readonly report: Report;
  /** What was still there in the node of the program and of all that it had started. */
  readonly processes: readonly string[];
  /** How `down` of what was kept ended. */
  readonly downStatus: number | null;
}

async function processesOf(node: string): Promise<string[]> {
  const { stdout } = await execa(
    'lxc',
    ['exec', '--force-noninteractive', '--disable-stdin', `local:${node}`, '--', 'ps', '-eo', 'args'],
    { stdin: 'ignore' },
  );
  return stdout.split('\n').filter((line) => /k8s bootstrap|sleep 3600/.test(line));
}

/** Runs a program that asks badly, looks into the node that is kept, and removes it. */
async function runBadProgram(mood: (typeof MOODS)[number]): Promise<BadProgram> {
  const folder = reportFolder();
  const { status, stderr } = await runEntry([
    'run',
    'scenarios/k8s-snap-dualstack.yaml',
    '--set',
    `binary=${await buildRig('hostile', { mood })}`,
    '--set',
    'install=preinstalled',
    '--no-egress',
    '--keep',
    'on-failure',
    '--report-dir',
    folder,
  ]);
  const report = readWrittenReport(folder);
  try {
    const processes = await processesOf(report.nodes[0]?.name ?? '');
    return { status, stderr, report, processes, downStatus: (await runEntry(['down', report.runId])).status };
  } catch (error) {
    await runEntry(['down', report.runId]);
    throw error;
  }
}

interface AllRuns {
  readonly forms: Promise<FormRuns<FormName>>;
  readonly bad: Readonly<Record<(typeof MOODS)[number], Promise<BadProgram>>>;
}

let runs: AllRuns | null = null;

/** All of them, begun by whoever asks first. */
function begun(): AllRuns {
  if (runs === null) {
    const bad = Object.fromEntries(MOODS.map((mood) => [mood, runBadProgram(mood)])) as AllRuns['bad'];
    runs = { forms: runSnapForms(), bad };
    // Whoever awaits one is told; without this a failure before that would end the process.
    for (const run of [runs.forms, ...Object.values(bad)]) run.catch(() => undefined);
  }
  return runs;
}

for (const [name, form] of Object.entries(FORMS) as [FormName, SnapForm][]) {
  test(`the stand-in for k8s makes a cluster: ${form.title}`, async (t) => {
    const all = await begun().forms;
    const report = all.report(name);
    t.is(report.exitCode, 0, all.stderr.slice(-3000));
    await assertPassed(t, report);
    t.deepEqual(report.families, form.families);
    for (const family of form.families) {
      t.is(outcomeOf(report, `service/nginx-dualstack/${family}/from-node`), 'passed');
    }
    t.deepEqual(
      report.nodes.map(({ role }) => role),
      form.roles,
    );
    t.true(report.notices.some((notice) => notice.includes('STAND-IN')));
    const [dialogue, ...others] = report.dialogues;
    t.deepEqual(others, []);
    if (form.answers === null) {
      t.is(dialogue, undefined);
      return;
    }
    t.like(dialogue, { name: 'bootstrap', mode: form.mode, outcome: 'answered', omittedBytes: 0 });
    const answers = (dialogue?.entries ?? []).filter(({ who }) => who === 'answer');
    t.deepEqual(
      answers.map(({ text }) => text),
      form.answers,
    );
  });
}

test('IPv6 first is warned of, with the source of that', async (t) => {
  const { stderr } = await begun().forms;
  t.regex(stderr, /warning: .*IPv6 first was reported .*canonical\/k8s-snap#986, not confirmed/);
});

for (const [mood, outcome, told] of [
  // What floods is in dialogue.test.ts, with the memory that it costs.
  ['silent', 'silence', /it printed nothing for 30000 ms, and features was awaited/],
  ['reworded', 'unknown-prompt', /seen +"Features to enable, separated by commas/],
  ['stubborn', 'silence', /pod-cidr was awaited/],
] as const) {
  test(`a program that is ${mood}: exit 4 with its name, and nothing of it is left in the node`, async (t) => {
    const { status, stderr, report, processes, downStatus } = await begun().bad[mood];
    t.is(status, 4, stderr.slice(-3000));
    t.is(report.dialogues[0]?.outcome, outcome);
    t.regex(report.failure?.message ?? '', told);
    t.deepEqual(processes, []);
    t.is(downStatus, 0);
    await assertNothingLeft(t, report.runId);
  });
}
