import type { CheckResult } from '../checks/check.ts';
import type { CleanupResult, RunOutcome } from '../run/event.ts';
import type { Failure } from '../run/failure.ts';
import type { Expectation } from '../scenario/scenario.ts';
import type { Report, ReportFamily } from './report.ts';

/** Every exit status that a run can end with. */
export type ExitCode = Report['exitCode'];

/** What decides how a run ended. */
export interface VerdictFacts {
  /** What stopped the run, or null when it went to its end. Failed checks alone need no failure: it is made from them. */
  readonly failure: Failure | null;
  /** Every planned check, those that were not reached included, and the user's own tests, which are checks too. */
  readonly checks: readonly CheckResult[];
  /** What was asked for. */
  readonly families: readonly ReportFamily[];
  readonly cleanup: CleanupResult;
  readonly expect: Expectation;
  /** The ids of the rules that the scenario breaks (errors, not warnings); only read when a broken rule is expected. */
  readonly brokenRules?: readonly string[];
  /** The signal behind a failure of class `interrupted`, such as `SIGTERM`. */
  readonly signal?: string | null;
}

/** How a run ended, in each of the ways in which it is told. */
export interface Verdict {
  readonly outcome: RunOutcome;
  readonly exitCode: ExitCode;
  /** Null exactly when the run passed. */
  readonly failure: Failure | null;
  /** What a reader must be told about a verdict that the checks alone don't explain. */
  readonly notices: readonly string[];
}

/**
 * Decides how a run ended. Judging the facts again with the verdict's own failure gives the same verdict, so it does not matter
 * whether the run or the report asks first.
 */
export function decideVerdict(facts: VerdictFacts): Verdict {
  const { expect } = facts;
  if (expect !== 'passed' && 'rule' in expect) return expectRule(expect.rule, facts);
  if (expect !== 'passed') return expectFailedCheck(expect.check, facts);
  const failure = facts.failure ?? shortcoming(facts.checks, facts.families);
  return failure === null ? passed(facts.cleanup, []) : failed(failure, facts.signal);
}

/** The order in which the exit statuses of several runs outrank each other. */
const PRECEDENCE: readonly ExitCode[] = [70, 130, 143, 4, 124, 3, 1, 5, 2, 0];

/**
 * The exit status of several runs: the first that occurs of 70, 130/143, 4, 124, 3, 1, 5, 2, 0. Of 130 and 143 it is the one that
 * came first. There is no status for no runs: the caller says what an empty list means.
 */
export function combineExitCodes(codes: readonly [ExitCode, ...ExitCode[]]): ExitCode {
  const interrupted = codes.find((code) => code === 130 || code === 143);
  const worst = PRECEDENCE.find((code) => codes.includes(code)) ?? 70;
  return worst === 130 || worst === 143 ? (interrupted ?? worst) : worst;
}

/** The family in a check's id, or null for an id that is not one. */
export function familyOfCheck(id: string): ReportFamily | 'both' | null {
  const family = id.split('/')[2];
  return family === 'ipv4' || family === 'ipv6' || family === 'both' ? family : null;
}

function expectRule(rule: string, facts: VerdictFacts): Verdict {
  const broken = [...new Set(facts.brokenRules ?? [])];
  const refused = facts.failure === null || facts.failure.class === 'usage';
  if (refused && broken.length === 1 && broken[0] === rule) {
    return passed(facts.cleanup, [`Rule ${rule} is broken, as the scenario expects.`]);
  }
  // Whatever else happened is what the reader must hear of first; only then that the expected refusal did not come.
  const failure: Failure = facts.failure ?? {
    class: 'check',
    step: 'lint',
    message: `the scenario expects rule ${rule} to be broken, and it is not`,
    hint: 'Write `expect: passed`, or the mistake that the rule is about.',
  };
  return failed(failure, facts.signal);
}

function expectFailedCheck(id: string, facts: VerdictFacts): Verdict {
  if (facts.failure !== null && facts.failure.class !== 'check') return failed(facts.failure, facts.signal);
  const expected = facts.checks.find((check) => check.id === id);
  if (expected?.outcome !== 'failed') {
    const found = expected === undefined ? 'there is no such check' : `it is ${expected.outcome}`;
    return failed(
      {
        class: 'check',
        step: 'verify',
        message: `the scenario expects check ${id} to fail, but ${found}`,
        hint: null,
      },
      facts.signal,
    );
  }
  // The expected failure stands for a pass, and everything else must be as in a run that passes.
  const others = facts.checks.map((check) =>
    check.id === id ? { ...check, outcome: 'passed' as const, reason: null } : check,
  );
  const failure = shortcoming(others, facts.families);
  if (failure !== null) return failed(failure, facts.signal);
  return passed(facts.cleanup, [`Check ${id} failed, as the scenario expects.`]);
}

/** What keeps these checks from being a proof; null when nothing does. */
function shortcoming(checks: readonly CheckResult[], families: readonly ReportFamily[]): Failure | null {
  const failedChecks = checks.filter((check) => check.outcome === 'failed');
  const [first] = failedChecks;
  if (first !== undefined) {
    const reason = first.reason ?? 'no reason given';
    const message =
      failedChecks.length === 1
        ? `check ${first.id} failed: ${reason}`
        : `${failedChecks.length} of ${checks.length} checks failed, first ${first.id}: ${reason}`;
    return checkFailure(message);
  }
  const unreached = checks.find((check) => check.outcome === 'not-reached');
  if (unreached !== undefined) return checkFailure(`check ${unreached.id} was not reached`);
  const unexplained = checks.find((check) => check.outcome === 'skipped' && !check.reason?.trim());
  if (unexplained !== undefined) return checkFailure(`check ${unexplained.id} was skipped without a reason`);
  if (families.length === 0) return checkFailure('no family was asked for, so nothing is proved');
  const unproved = families.filter((family) => !checks.some((check) => provesService(check, family)));
  if (unproved.length > 0) return checkFailure(`no Service check passed over ${unproved.join(' and ')}`);
  return null;
}

function provesService(check: CheckResult, family: ReportFamily): boolean {
  return check.outcome === 'passed' && check.id.startsWith('service/') && familyOfCheck(check.id) === family;
}

function checkFailure(message: string): Failure {
  return { class: 'check', step: 'verify', message, hint: null };
}

function passed(cleanup: CleanupResult, notices: readonly string[]): Verdict {
  const exitCode = cleanup.outcome === 'incomplete' ? 5 : 0;
  return { outcome: 'passed', exitCode, failure: null, notices };
}

/** The exit status of what failed in this way; of what was interrupted, SIGINT's. */
export function exitCodeOf(failureClass: Failure['class']): ExitCode {
  return ENDINGS[failureClass].exitCode;
}

function failed(failure: Failure, signal: string | null | undefined): Verdict {
  const terminated = failure.class === 'interrupted' && signal === 'SIGTERM';
  const { outcome, exitCode } = ENDINGS[failure.class];
  return { outcome, exitCode: terminated ? 143 : exitCode, failure, notices: [] };
}

const ENDINGS: Readonly<Record<Failure['class'], Pick<Verdict, 'outcome' | 'exitCode'>>> = {
  check: { outcome: 'failed', exitCode: 1 },
  usage: { outcome: 'error', exitCode: 2 },
  preflight: { outcome: 'error', exitCode: 3 },
  infrastructure: { outcome: 'error', exitCode: 4 },
  timeout: { outcome: 'timed-out', exitCode: 124 },
  interrupted: { outcome: 'aborted', exitCode: 130 },
  bug: { outcome: 'error', exitCode: 70 },
};
