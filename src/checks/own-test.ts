import type { OwnTestEnd } from '../own-tests/own-test.ts';
import type { CheckResult } from './check.ts';
import type { OwnTestCheck } from './planned-check.ts';

/** What the end of a test means: passed with status 0 alone, and by itself. What the run's own end cut short says nothing. */
export function judgeOwnTest(check: OwnTestCheck & { readonly id: string }, end: OwnTestEnd): CheckResult {
  const reason = complaint(check, end);
  return {
    id: check.id,
    outcome: end.by === 'aborted' ? 'not-reached' : reason === null ? 'passed' : 'failed',
    reason,
    durationMs: end.durationMs,
    attempts: 1,
    evidence: {
      command: check.command,
      cwd: check.cwd,
      exitCode: end.exitCode,
      signal: end.signal,
      log: check.log,
      outputBytes: end.outputBytes,
      ...(end.omittedBytes === 0 ? {} : { omittedBytes: end.omittedBytes }),
      ...(end.leftRunning.length === 0 ? {} : { leftRunning: end.leftRunning }),
      lastLines: end.lastLines,
    },
  };
}

function complaint(
  { command, timeoutMs }: OwnTestCheck & { timeoutMs: number },
  end: OwnTestEnd,
): string | null {
  const program = command[0] ?? '';
  if (end.unkillable.length > 0) {
    const left = end.unkillable.map(({ pid, name }) => `${pid} (${name})`).join(', ');
    return `processes of ${program} could not be ended: ${left}`;
  }
  switch (end.by) {
    case 'not-started':
      return `${program} could not be started: ${end.error}`;
    case 'timeout':
      return end.killed
        ? `${program} did not end within ${timeoutMs / 1000} s, took no notice of SIGTERM, and was killed`
        : `${program} did not end within ${timeoutMs / 1000} s, and was ended`;
    case 'aborted':
      return `the run was ended while ${program} was at work`;
    case 'exit':
      if (end.exitCode === 0) return null;
      return end.exitCode === null
        ? `${program} was ended by ${end.signal}`
        : `${program} ended with status ${end.exitCode}`;
  }
}

/** What a user must hear of a test beside its result. */
export function noticesOfOwnTest(check: OwnTestCheck, end: OwnTestEnd): string[] {
  const program = check.command[0] ?? '';
  const running = end.leftRunning.map(({ pid, name }) => `${pid} (${name})`);
  return [
    ...(running.length === 0
      ? []
      : [`${program} left processes running, which were ended: ${running.join(', ')}`]),
    ...(end.omittedBytes === 0
      ? []
      : [
          `${program} printed ${end.outputBytes} bytes; ${end.omittedBytes} of them are left out of ${check.log}`,
        ]),
    ...(end.logError === null ? [] : [`${check.log} is not complete: ${end.logError}`]),
  ];
}
