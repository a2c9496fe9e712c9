import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildRig } from './rig.ts';
import { assertNothingLeft, readWrittenReport, realTest as test, reportFolder } from './real-engine.ts';
import { runEntry } from '../support/run-entry.ts';

const PASSWORD = 'swordfish-4711';

/** Every file below a folder, as text. */
function textsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const file = join(folder, name);
    return statSync(file).isFile() ? [readFileSync(file, 'utf8')] : [];
  });
}

for (const [mode, retries] of [
  ['pipe', 0],
  ['pty', 1],
] as const) {
  test(`a program that asks other questions is answered by the prompts of its scenario, over a ${mode}; its password is told nowhere`, async (t) => {
    const folder = reportFolder();
    const scenario = join(folder, 'other.yaml');
    const reports = join(folder, 'report');
    const binary = await buildRig('hostile', { mood: 'other' });
    const prompt = (name: string, pattern: string, answer: string, more = ''): string =>
      `    - { name: ${name}, pattern: '${pattern}', answer: '${answer}'${more} }`;
    const lines = [
      'name: other',
      'distribution: { name: k8s-snap }',
      `binary: ${binary}`,
      'bootstrap: interactive',
      'egress: blocked',
      `retries: ${retries}`,
      'dialogue:',
      `  mode: ${mode}`,
      '  timeouts: { silence: 10s }',
      '  prompts:',
      prompt('pods', '^Pods\\? $', '{{ network.pods }}'),
      prompt('nodes', '^Nodes\\? $', 'never asked', ', optional: true'),
      prompt('services', '^Services', '{{ network.services }}', ', times: 2'),
      prompt('password', '^Password: $', PASSWORD, ', secret: true'),
    ];
    writeFileSync(scenario, `${lines.join('\n')}\n`);
    const { status, stdout, stderr } = await runEntry(['run', scenario, '--report-dir', reports]);
    // It makes no cluster, so what comes after its questions fails.
    t.is(status, 4, stderr.slice(-3000));
    const report = readWrittenReport(reports);
    t.is(report.failure?.step, 'bootstrap/status');
    t.is(report.retries.length, retries);
    t.deepEqual(
      report.dialogues.map(({ name, outcome }) => ({ name, outcome })),
      Array(retries + 1).fill({ name: 'bootstrap', outcome: 'answered' }),
    );
    const transcripts = ['bootstrap.txt', 'bootstrap-2.txt'].slice(0, retries + 1);
    t.deepEqual(readdirSync(join(reports, 'transcripts')).sort(), transcripts.sort());
    const said = (report.dialogues[0]?.entries ?? []).filter(({ who }) => who === 'answer');
    t.deepEqual(
      said.map(({ text }) => text),
      [
        '10.1.0.0/16,fd01::/108\n',
        '10.152.183.0/24,fd98::/108\n',
        '10.152.183.0/24,fd98::/108\n',
        '[redacted]\n',
      ],
    );
    for (const text of [stdout, stderr, ...textsBelow(reports)]) t.false(text.includes(PASSWORD));
    const plan = await runEntry(['plan', scenario, '--json']);
    t.is(plan.status, 0, plan.stderr);
    t.false(plan.stdout.includes(PASSWORD));
    await assertNothingLeft(t, report.runId);
  });
}
