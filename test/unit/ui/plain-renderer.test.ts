import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import type { RunEvent } from '../../../src/run/event.ts';
import { PlainRenderer } from '../../../src/ui/plain-renderer.ts';
import {
  at,
  check,
  failedCheckRun,
  failedLaunchRun,
  interruptedRun,
  passedRun,
  retriedRun,
  singleStackRun,
  step,
  STEPS,
  V6_SERVICE,
} from '../report/recorded-run.ts';
import { linesOf, Paper } from './lines-of.ts';

test('a passed run, line by line', (t) => {
  t.deepEqual(linesOf(passedRun()), [
    '[  0.0s] run k7f3q2 of quickstart (scenarios/quickstart.yaml)',
    '[  0.1s] image      node image for Kubernetes 1.36.3 …',
    '[  2.3s] image      node image for Kubernetes 1.36.3 … done (2.2s)',
    '[  2.3s] launch     start ts-k7f3q2-control-plane-1 …',
    '[  2.3s] launch     start ts-k7f3q2-worker-1 …',
    '[  3.2s] launch     start ts-k7f3q2-control-plane-1 … done (0.9s)',
    '[  3.4s] launch     start ts-k7f3q2-worker-1 … done (1.1s)',
    '[  3.4s] bootstrap  kubeadm init on ts-k7f3q2-control-plane-1 …',
    '[ 11.9s] bootstrap  kubeadm init on ts-k7f3q2-control-plane-1 … done (8.5s)',
    '[ 11.9s] warning: pod range 10.1.0.0/16 is inside route 10.0.0.0/8',
    '[ 11.9s] join       join ts-k7f3q2-worker-1 …',
    '[ 14.9s] join       join ts-k7f3q2-worker-1 … done (3.0s)',
    '[ 14.9s] apply      apply nginxdualstack …',
    '[ 15.5s] apply      apply nginxdualstack … done (0.6s)',
    'PASS node/pod-ranges/both/api  (31 ms)',
    'PASS service/nginx-dualstack/ipv4/from-node  http://10.152.183.20/ 200 client 10.1.0.1 (12 ms)',
    'PASS service/nginx-dualstack/ipv6/from-node  http://[fd98::eaf0]/ 200 client fd01::1 (12 ms)',
    'PASS pod/across-nodes/ipv6/no-nat  http://[fd01::800:4]:8080/ 200 client fd01::5 (48 ms, 2 attempts)',
    '[ 16.5s] cleanup    remove what the run created …',
    '[ 18.5s] cleanup    remove what the run created … done (2.0s)',
    '',
    'PASSED  run k7f3q2 of quickstart after 18.5s',
    '  asked for    ipv4 and ipv6 (dual-stack)',
    '  dual-stack   in 13.9s from the start of launch',
    '  ipv4         http://10.152.183.20/ 200 client 10.1.0.1',
    '  ipv6         http://[fd98::eaf0]/ 200 client fd01::1',
    '  checks       4 passed',
    '  clean-up     complete, nothing is left',
    '  report       reports/quickstart',
    '  exit status  0',
    '',
  ]);
});

test('a failed check has its reason, and the end says what to do next', (t) => {
  const lines = linesOf(failedCheckRun());
  t.true(
    lines.includes(
      'FAIL service/nginx-dualstack/ipv6/from-node  no answer from http://[fd98::eaf0]/ in 30 s (30.0s, 14 attempts)',
    ),
  );
  t.deepEqual(lines.slice(-12), [
    'FAILED  run k7f3q2 of quickstart after 18.5s',
    '  asked for    ipv4 and ipv6 (dual-stack)',
    '  dual-stack   not reached',
    '  ipv4         http://10.152.183.20/ 200 client 10.1.0.1',
    '  ipv6         failed: no answer from http://[fd98::eaf0]/ in 30 s',
    '  checks       3 passed, 1 failed',
    '  failure      in verify (check): check service/nginx-dualstack/ipv6/from-node failed: no answer from http://[fd98::eaf0]/ in 30 s',
    '  clean-up     complete, nothing is left',
    '  report       reports/quickstart',
    '  exit status  1',
    '  next         Keep the cluster with --keep on-failure, then `twinstack shell k7f3q2`.',
    '',
  ]);
});

test('a failed step has its message below it', (t) => {
  const lines = linesOf(failedLaunchRun());
  const index = lines.indexOf('[ 33.0s] launch     start ts-k7f3q2-worker-1 … FAILED (30.7s)');
  t.is(lines[index + 1], '         instance ts-k7f3q2-worker-1 did not get an IPv6 address in 30 s');
  t.true(lines.includes('  ipv6         the Service was not asked'));
});

test('an interrupted run says what is left', (t) => {
  const lines = linesOf(interruptedRun());
  t.true(lines.includes('[  6.0s] SIGTERM: stopping, then cleaning up'));
  t.true(lines.includes('  clean-up     incomplete, left: network ts-k7f3q2; `twinstack gc` tries again'));
  t.true(lines.includes('  exit status  143'));
});

test('nothing calls a single-stack run dual-stack', (t) => {
  const lines = linesOf(singleStackRun());
  t.true(lines.includes('  asked for    ipv6 alone (single-stack)'));
  // `nginx-dualstack` is the name of the workload, and the only place where the word may stand.
  t.notRegex(lines.join('\n').replaceAll(/nginx-?dualstack/g, ''), /dual/i);
  t.false(lines.some((line) => line.startsWith('  ipv4')));
});

test('a step tells of its progress every 10 seconds', (t) => {
  const image = step('image', 'image', 'node image');
  const progress = (ms: number, done: number | null, total: number | null): RunEvent =>
    at(ms, { type: 'step-progress', step: image, text: 'unpacking', done, total });
  const lines = linesOf([
    at(0, { type: 'step-started', step: image }),
    progress(9_999, 1, 12),
    progress(10_000, 2, 12),
    progress(15_000, 3, 12),
    progress(19_999, 4, 12),
    progress(20_000, 5, null),
    progress(31_000, null, null),
    at(31_500, { type: 'step-finished', step: image, outcome: 'passed', durationMs: 31_500, message: null }),
  ]);
  t.deepEqual(lines, [
    '[  0.0s] image      node image …',
    '[ 10.0s] image      node image: unpacking (2/12)',
    '[ 20.0s] image      node image: unpacking (5)',
    '[ 31.0s] image      node image: unpacking',
    '[ 31.5s] image      node image … done (31.5s)',
    '',
  ]);
});

test('a milestone has its line, however soon it comes', (t) => {
  const image = step('image', 'image', 'node image');
  const asked = (ms: number, done: number): RunEvent =>
    at(ms, { type: 'step-progress', step: image, text: 'asked', done, total: 3, milestone: true });
  const lines = linesOf([at(0, { type: 'step-started', step: image }), asked(100, 1), asked(200, 2)]);
  t.deepEqual(lines.slice(1, 3), [
    '[  0.1s] image      node image: asked (1/3)',
    '[  0.2s] image      node image: asked (2/3)',
  ]);
});

test('steps at the same time have a progress line each', (t) => {
  const [, first, second] = STEPS;
  if (first === undefined || second === undefined) throw new Error('no steps');
  const text = 'waiting';
  const lines = linesOf([
    at(0, { type: 'step-started', step: first }),
    at(5000, { type: 'step-started', step: second }),
    at(11_000, { type: 'step-progress', step: first, text, done: null, total: null }),
    at(11_000, { type: 'step-progress', step: second, text, done: null, total: null }),
    at(15_000, { type: 'step-progress', step: second, text, done: null, total: null }),
  ]);
  t.deepEqual(lines.slice(2, -1), [
    '[ 11.0s] launch     start ts-k7f3q2-control-plane-1: waiting',
    '[ 15.0s] launch     start ts-k7f3q2-worker-1: waiting',
  ]);
});

test('skipped and unreached checks are not passed ones', (t) => {
  const skipped = check(V6_SERVICE, { outcome: 'skipped', reason: 'no route to IPv6' });
  const unreached = check(V6_SERVICE, { outcome: 'not-reached', reason: 'the run ended before it' });
  t.deepEqual(
    linesOf([
      at(0, { type: 'check-finished', check: skipped }),
      at(0, { type: 'check-finished', check: unreached }),
    ]),
    [`SKIP ${V6_SERVICE}  no route to IPv6`, `NOT REACHED ${V6_SERVICE}  the run ended before it`, ''],
  );
});

test('what a server answers does not speak to the terminal', (t) => {
  const reason = 'got \u001b[2J\u0007evil\r\nand more';
  const failed = check(V6_SERVICE, { outcome: 'failed', reason, durationMs: 5 });
  const message = 'last words:\n\u001b]0;title\u0007';
  const [, first] = STEPS;
  if (first === undefined) throw new Error('no steps');
  t.deepEqual(
    linesOf([
      at(0, { type: 'check-finished', check: failed }),
      at(0, { type: 'step-finished', step: first, outcome: 'failed', durationMs: 0, message }),
    ]),
    [
      `FAIL ${V6_SERVICE}  got \\x1b[2J\\x07evil and more (5 ms)`,
      '[  0.0s] launch     start ts-k7f3q2-control-plane-1 … FAILED (0.0s)',
      '         last words:',
      '         \\x1b]0;title\\x07',
      '',
    ],
  );
});

test('runs at the same time are told apart, each with its own clock', (t) => {
  const other = (event: RunEvent): RunEvent => ({ ...event, runId: 'other2' });
  const [, first] = STEPS;
  if (first === undefined) throw new Error('no steps');
  const scenario = { name: 'k0s', file: 'k0s.yaml' };
  const lines = linesOf(
    [
      at(0, { type: 'run-started', scenario: { name: 'quickstart', file: 'q.yaml' }, steps: [] }),
      other(at(1000, { type: 'run-started', scenario, steps: [] })),
      at(2000, { type: 'step-started', step: first }),
      other(at(2000, { type: 'step-started', step: first })),
    ],
    { labelRuns: true },
  );
  t.deepEqual(lines, [
    '[quickstart] [  0.0s] run k7f3q2 of quickstart (q.yaml)',
    '[k0s] [  0.0s] run other2 of k0s (k0s.yaml)',
    '[quickstart] [  2.0s] launch     start ts-k7f3q2-control-plane-1 …',
    '[k0s] [  1.0s] launch     start ts-k7f3q2-control-plane-1 …',
    '',
  ]);
});

test('colour is on only when it is asked for', (t) => {
  const escape = '\u001b';
  t.false(linesOf(failedCheckRun()).join('').includes(escape));
  const coloured = linesOf(failedCheckRun(), { colour: true });
  t.true(coloured.some((line) => line.startsWith(`${escape}[31mFAIL${escape}[39m ${V6_SERVICE}`)));
});

test('a reader that went away does not end the run', async (t) => {
  const paper = new Paper();
  const renderer = new PlainRenderer(paper, { colour: false, labelRuns: false });
  paper.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await setImmediate();
  t.notThrows(() => {
    for (const event of passedRun()) renderer.handle(event);
  });
  await t.notThrowsAsync(renderer.close());
});

test('a cluster that is made anew tells of the same steps again', (t) => {
  const lines = linesOf(retriedRun());
  const starts = lines.filter(
    (line) => line.includes('start ts-k7f3q2-control-plane-1 …') && !line.includes('done'),
  );
  t.is(starts.length, 2);
  t.true(lines.some((line) => /warning: attempt 1 of 2 failed/.test(line)));
});
