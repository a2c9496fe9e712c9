import test from 'ava';
import { judgeOwnTest, noticesOfOwnTest } from '../../../src/checks/own-test.ts';
import type { OwnTestEnd } from '../../../src/own-tests/own-test.ts';

const CHECK = {
  type: 'own-test',
  id: 'test/smoke/both/exit-status',
  timeoutMs: 2000,
  number: 1,
  command: ['npm', 'test'],
  cwd: '/app',
  env: {},
  log: 'tests/1-smoke.log',
} as const;
const END: OwnTestEnd = {
  by: 'exit',
  exitCode: 0,
  signal: null,
  killed: false,
  error: null,
  durationMs: 12,
  outputBytes: 3,
  omittedBytes: 0,
  logError: null,
  lastLines: ['ok'],
  leftRunning: [],
  unkillable: [],
};

const judged: [string, Partial<OwnTestEnd>, 'passed' | 'failed' | 'not-reached', string | null][] = [
  ['status 0', {}, 'passed', null],
  ['another status', { exitCode: 1 }, 'failed', 'npm ended with status 1'],
  ['a signal', { exitCode: null, signal: 'SIGSEGV' }, 'failed', 'npm was ended by SIGSEGV'],
  [
    'its deadline, even when it then says 0',
    { by: 'timeout', exitCode: 0 },
    'failed',
    'npm did not end within 2 s, and was ended',
  ],
  [
    'its deadline, stubborn',
    { by: 'timeout', exitCode: null, signal: 'SIGKILL', killed: true },
    'failed',
    'npm did not end within 2 s, took no notice of SIGTERM, and was killed',
  ],
  [
    "the run's end, even when it then says 0",
    { by: 'aborted', exitCode: 0 },
    'not-reached',
    'the run was ended while npm was at work',
  ],
  [
    'no start',
    { by: 'not-started', exitCode: null, error: 'spawn npm ENOENT' },
    'failed',
    'npm could not be started: spawn npm ENOENT',
  ],
  [
    'a process that nobody can end',
    { unkillable: [{ pid: 7, name: 'sudo' }] },
    'failed',
    'processes of npm could not be ended: 7 (sudo)',
  ],
];
for (const [name, change, outcome, reason] of judged) {
  test(name, (t) => {
    const result = judgeOwnTest(CHECK, { ...END, ...change });
    t.like(result, { id: CHECK.id, outcome, reason, attempts: 1, durationMs: 12 });
    t.like(result.evidence, { command: ['npm', 'test'], log: CHECK.log, lastLines: ['ok'] });
  });
}

test('what else a user must hear', (t) => {
  t.deepEqual(noticesOfOwnTest(CHECK, END), []);
  const notices = noticesOfOwnTest(CHECK, {
    ...END,
    leftRunning: [{ pid: 7, name: 'sleep' }],
    omittedBytes: 5,
    logError: 'ENOSPC',
  });
  t.deepEqual(notices, [
    'npm left processes running, which were ended: 7 (sleep)',
    'npm printed 3 bytes; 5 of them are left out of tests/1-smoke.log',
    'tests/1-smoke.log is not complete: ENOSPC',
  ]);
});
