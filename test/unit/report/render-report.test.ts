import test from 'ava';
import { assembleReport, NOTHING_TO_CLEAN } from '../../../src/report/assemble-report.ts';
import { visibleLength } from '../../../src/report/columns.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderReport } from '../../../src/report/render-report.ts';
import type { Report } from '../../../src/report/report.ts';
import { foldEvents } from '../../../src/report/fold-events.ts';
import {
  at,
  check,
  facts,
  failedCheckRun,
  interruptedRun,
  passedRun,
  singleStackRun,
  V6_SERVICE,
} from './recorded-run.ts';

const plain = { width: null, colour: false, unicode: true };

function singleStackReport() {
  return assembleReport(singleStackRun(), facts({ families: ['ipv6'], plannedChecks: [V6_SERVICE] }));
}

test('a passed run', (t) => {
  t.is(
    renderReport(assembleReport(passedRun(), facts()), { ...plain, width: 120 }),
    `PASSED  quickstart  run k7f3q2, 2026-03-04T05:06:07Z, exit status 0

Asked for
  scenario      scenarios/quickstart.yaml (sha256 abababababab)
  families      ipv4 and ipv6 (dual-stack)
  pods          10.1.0.0/16 fd01::/108
  services      10.152.183.0/24 fd98::/108
  provider      lxd 5.0.2
  distribution  kubeadm 1.36.3

Done
  by            twinstack 0.1.0
  command       twinstack run scenarios/quickstart.yaml --no-egress
  host          lxd 5.0.2, cgroup v2, storage dir
  image         c0ffee (cached)
  workload      twinstack/nginxdualstack:1 (our stand-in)
  node network  10.88.0.0/24 fd42:88::/64
  ts-k7f3q2-control-plane-1  control-plane  10.88.0.11 fd42:88::11
                                            pods 10.1.0.0/24 fd01::/117
  ts-k7f3q2-worker-1         worker         10.88.0.12 fd42:88::12
                                            pods 10.1.1.0/24 fd01::800/117

Time
                                |0s      |2s       |4s      |6s       |8s      |10s      |12s     |14s      |16s
  image         +0.0s     2.2s  ███████████
  launch        +2.2s     1.1s            █████
  bootstrap     +3.3s     8.5s                 █████████████████████████████████████████
  join         +11.8s     3.0s                                                          ██████████████
  apply        +14.8s     0.6s                                                                        ███
  verify       +15.4s     1.0s                                                                           █████
  cleanup      +16.4s     2.0s                                                                                ██████████
  dual-stack   +16.1s                                                                                        ▲

Observed
  ipv4          http://10.152.183.20/ 200 client 10.1.0.1
  ipv6          http://[fd98::eaf0]/ 200 client fd01::1
  dual-stack    in 13.9s from the start of launch
  checks        4 passed

  node/pod-ranges
    PASS   31 ms  both/api

  service/nginx-dualstack
    PASS   12 ms  ipv4/from-node  http://10.152.183.20/ 200 client 10.1.0.1
    PASS   12 ms  ipv6/from-node  http://[fd98::eaf0]/ 200 client fd01::1

  pod/across-nodes
    PASS   48 ms  ipv6/no-nat  http://[fd01::800:4]:8080/ 200 client fd01::5 (2 attempts)

Left
  clean-up      complete, nothing is left

Notices
  pod range 10.1.0.0/16 is inside route 10.0.0.0/8
`,
  );
});

test('a failure, what is left and what to do next', (t) => {
  const failed = renderReport(assembleReport(failedCheckRun(), facts()), plain);
  t.true(failed.includes('\nFailure\n  in            verify (check)\n'));
  t.true(
    failed.includes(
      '  next          Keep the cluster with --keep on-failure, then `twinstack shell k7f3q2`.\n',
    ),
  );
  const aborted = renderReport(assembleReport(interruptedRun(), facts()), plain);
  t.true(
    aborted.includes('  clean-up      incomplete, left: network ts-k7f3q2; `twinstack gc` tries again\n'),
  );
  t.regex(aborted, /NOT REACHED +ipv6\/from-node  the run ended in kubeadm-init/);
});

test('a refusal is short', (t) => {
  const failure = { class: 'usage', step: 'lint', message: 'one problem in x.yaml', hint: null } as const;
  const ending = { failure, cleanup: NOTHING_TO_CLEAN, durationMs: 12 };
  const refused = facts({
    nodes: [],
    plannedChecks: [],
    families: [],
    scenario: null,
    host: null,
    image: null,
    ending,
    ranges: null,
    repeat: null,
  });
  t.is(
    renderReport(assembleReport([], { ...refused, provider: null, distribution: null }), plain),
    `ERROR  verify  run k7f3q2, 2026-03-04T05:06:07Z, exit status 2

Failure
  in            lint (usage)
  message       one problem in x.yaml

Asked for
  families      nothing

Done
  by            twinstack 0.1.0

Left
  clean-up      complete, nothing is left
`,
  );
});

for (const width of [60, 80, 132]) {
  test(`lines keep to ${width} columns where words can be broken`, (t) => {
    const lines = renderReport(assembleReport(failedCheckRun(), facts()), { ...plain, width }).split('\n');
    // Names, ids and addresses are never broken.
    const words = ['ts-k7f3q2-', 'PASS', 'FAIL', 'FAILED'];
    for (const line of lines.filter((text) => !words.some((word) => text.trim().startsWith(word)))) {
      t.true(visibleLength(line) <= width, line);
    }
  });
}

test('a failure comes first, with everything that the check saw', (t) => {
  const text = renderReport(assembleReport(failedCheckRun(), facts()), plain);
  t.true(text.indexOf('Failure') < text.indexOf('Asked for'));
  const [, shown = ''] = text.split(`  FAIL  ${V6_SERVICE}\n`);
  t.true(
    shown.startsWith(
      [
        '    reason      no answer from http://[fd98::eaf0]/ in 30 s',
        '    url         http://[fd98::eaf0]/',
        '    error       connect timed out',
        '    attempts    14 in 30.0s',
      ].join('\n'),
    ),
    shown,
  );
});

test('evidence of a kind that nobody knows yet is shown too', (t) => {
  const own = check('own-test/smoke/both/host', {
    outcome: 'failed',
    reason: 'it ended with status 7',
    evidence: { command: ['sh', '-c', 'exit 7'], exitCode: 7, log: 'tests/smoke.log', nothing: null },
  });
  const events = [...passedRun().slice(0, -1), at(16000, { type: 'check-finished', check: own })];
  const text = renderReport(assembleReport([...events, ...passedRun().slice(-1)], facts()), plain);
  t.true(text.includes('    command     ["sh","-c","exit 7"]\n'));
  t.true(text.includes('both/host  it ended with status 7, tests/smoke.log'));
});

test('phases that overlap are seen to', (t) => {
  const events = [
    at(0, { type: 'phase-started', phase: 'launch' }),
    at(5000, { type: 'phase-started', phase: 'bootstrap' }),
    at(10000, { type: 'phase-finished', phase: 'launch', durationMs: 10000 }),
    at(20000, { type: 'phase-finished', phase: 'bootstrap', durationMs: 15000 }),
  ];
  const ending = { failure: null, cleanup: NOTHING_TO_CLEAN, durationMs: 20000 };
  const text = renderReport(assembleReport(events, facts({ ending })), { ...plain, width: 72 });
  const [, time = ''] = /\nTime\n([^]*?)\n\n/.exec(text) ?? [];
  t.is(
    time,
    `                                |0s       |5s       |10s      |15s
  launch        +0.0s    10.0s  ████████████████████
  bootstrap     +5.0s    15.0s            ██████████████████████████████`,
  );
});

test('a run without an end says so instead of an outcome', (t) => {
  const events = passedRun().slice(0, 14);
  const known = { runId: 'k7f3q2', startedAt: '2026-03-04T05:06:07Z', cleanup: null, provider: 'lxd' };
  const killed = renderReport(foldEvents(events, known), { ...plain, unfinished: 'killed' });
  t.true(killed.startsWith('KILLED  quickstart  run k7f3q2, 2026-03-04T05:06:07Z\nIt was killed'));
  t.true(killed.includes('twinstack gc'));
  const running = renderReport(foldEvents(events, known), { ...plain, unfinished: 'running' });
  t.true(running.startsWith('RUNNING  quickstart'));
  t.notRegex(running, /Failure|gc/);
});

test('plain ASCII where nothing else can be shown', (t) => {
  const report = { ...assembleReport(passedRun(), facts()), notices: ['an ellipsis … and an é'] };
  const text = renderReport(report, { ...plain, unicode: false });
  t.notRegex(text, /[^\u0000-\u007f]/);
  t.true(text.includes('an ellipsis ... and an ?'));
  t.true(text.includes('  image         +0.0s     2.2s  ########'));
});

test('colours only when asked for, and they shift nothing', (t) => {
  const report = assembleReport(failedCheckRun(), facts());
  const without = renderReport(report, plain);
  const coloured = renderReport(report, { ...plain, colour: true });
  t.false(without.includes('\u001b'));
  t.true(coloured.includes('\u001b[31mFAIL\u001b[39m'));
  t.is(coloured.replaceAll(/\u001b\[\d+m/g, ''), without);
});

for (const [title, render] of Object.entries({
  text: () => renderReport(singleStackReport(), plain),
  markdown: () => renderMarkdown(singleStackReport()),
})) {
  test(`${title}: nothing calls a single-stack run dual-stack`, (t) => {
    const text = render().replaceAll(/nginx-?dualstack/g, '');
    t.true(text.includes('ipv6 alone (single-stack)'));
    t.notRegex(text, /dual/i);
  });
}

test('markdown', (t) => {
  const report = assembleReport(failedCheckRun(), facts());
  t.is(
    renderMarkdown({ ...report, notices: ['a | pipe, <b>, *stars* and\nlines'] }),
    `## quickstart: failed (exit status 1)

|  |  |
| --- | --- |
| asked for | ipv4 and ipv6 (dual-stack) |
| provider | lxd 5.0.2 |
| distribution | kubeadm 1.36.3 |
| workload | twinstack/nginxdualstack:1 (our stand-in) |
| time to dual-stack | not reached |
| ipv4 | http://10.152.183.20/ 200 client 10.1.0.1 |
| ipv6 | failed: no answer from http://\\[fd98::eaf0\\]/ in 30 s |
| checks | 3 passed, 1 failed |
| clean-up | complete, nothing is left |
| run | k7f3q2, 2026-03-04T05:06:07.000Z, 18.5s |

**Failed in verify (check):** check service/nginx-dualstack/ipv6/from-node failed: no answer from http://\\[fd98::eaf0\\]/ in 30 s

**Next:** Keep the cluster with --keep on-failure, then \`twinstack shell k7f3q2\`.

<details open><summary>FAIL <code>service/nginx-dualstack/ipv6/from-node</code></summary>

no answer from http://\\[fd98::eaf0\\]/ in 30 s

\`\`\`text
{
  "url": "http://[fd98::eaf0]/",
  "error": "connect timed out",
  "clientAddress": null
}
\`\`\`

</details>

Again on your machine:

\`\`\`text
npm run scenario -- run scenarios/quickstart.yaml --no-egress
\`\`\`

|  | check | observed |
| --- | --- | --- |
| PASS | node/pod-ranges/both/api | (31 ms) |
| PASS | service/nginx-dualstack/ipv4/from-node | http://10.152.183.20/ 200 client 10.1.0.1 (12 ms) |
| FAIL | service/nginx-dualstack/ipv6/from-node | no answer from http://\\[fd98::eaf0\\]/ in 30 s (30.0s, 14 attempts) |
| PASS | pod/across-nodes/ipv6/no-nat | http://\\[fd01::800:4\\]:8080/ 200 client fd01::5 (48 ms, 2 attempts) |

| phase | time |
| --- | --- |
| image | 2.2s |
| launch | 1.1s |
| bootstrap | 8.5s |
| join | 3.0s |
| apply | 0.6s |
| verify | 1.0s |
| cleanup | 2.0s |

- a \\| pipe, &lt;b&gt;, \\*stars\\* and lines
`,
  );
});

const dialogue: Report['dialogues'][number] = {
  name: 'bootstrap',
  node: 'ts-k7f3q2-control-plane-1',
  command: ['k8s', 'bootstrap', '--interactive'],
  mode: 'pipe',
  outcome: 'unknown-prompt',
  reason: 'it asked something that the dialogue does not know, where features was awaited',
  durationMs: 3100,
  entries: [
    {
      atMs: 100,
      who: 'stderr',
      text: 'a warning that is longer than what a line beside the other columns has room for\n',
    },
    { atMs: 101, who: 'stdout', text: 'Features <b>to</b> enable, `all` of them: ' },
  ],
  omittedBytes: 0,
};

test('a dialogue: its end, then who said what, inside the screen', (t) => {
  const report = { ...assembleReport(passedRun(), facts()), dialogues: [dialogue] };
  const text = renderReport(report, { ...plain, width: 80 });
  t.true(text.split('\n').every((line) => visibleLength(line) <= 80));
  t.is(
    text.slice(text.indexOf('Dialogue\n'), text.indexOf('\nObserved')),
    `Dialogue
  k8s bootstrap --interactive on ts-k7f3q2-control-plane-1, over a pipe:
  unknown-prompt: it asked something that the dialogue does not know, where
  features was awaited
     0.1s  stderr   a warning that is longer than what a line beside the other
                    columns has room for
     0.1s  program  Features <b>to</b> enable, \`all\` of them:
`,
  );
});

test('a dialogue in Markdown: open when it went wrong, closed when it did not', (t) => {
  const report = { ...assembleReport(passedRun(), facts()), dialogues: [dialogue] };
  const text = renderMarkdown(report);
  t.true(text.includes('<details open><summary>Dialogue: k8s bootstrap --interactive on'), text);
  t.true(text.includes('\n```text\n   0.1s  stderr   a warning'), text);
  const answered = { ...dialogue, outcome: 'answered', reason: null } as const;
  t.true(renderMarkdown({ ...report, dialogues: [answered] }).includes('<details><summary>Dialogue: '));
});
