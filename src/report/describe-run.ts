import type { CheckResult } from '../checks/check.ts';
import type { CleanupResult } from '../run/event.ts';
import { describeAnswer } from './describe-check.ts';
import { familyOfCheck } from './exit-status.ts';

/** `ipv4 and ipv6 (dual-stack)` or `ipv6 alone (single-stack)`. */
export function askedFor(families: readonly string[]): string {
  if (families.length === 0) return 'nothing';
  return families.length > 1
    ? `${families.join(' and ')} (dual-stack)`
    : `${families[0]} alone (single-stack)`;
}

/** What the Service answered over one family: the first check that passed, or else what the first other one says. */
export function serviceAnswer(checks: readonly CheckResult[], family: string): string {
  const ofFamily = checks.filter(({ id }) => id.startsWith('service/') && familyOfCheck(id) === family);
  const best = ofFamily.find(({ outcome }) => outcome === 'passed') ?? ofFamily[0];
  if (best === undefined) return 'the Service was not asked';
  if (best.outcome === 'passed') return describeAnswer(best.evidence) || 'the Service answered';
  return `${best.outcome.replace('-', ' ')}: ${best.reason ?? 'no reason given'}`;
}

/** `3 passed, 1 failed`; `none` where there are no checks. */
export function countOutcomes(checks: readonly CheckResult[]): string {
  const outcomes = ['passed', 'failed', 'skipped', 'not-reached'] as const;
  const counted = outcomes.map((outcome) => ({
    outcome: outcome.replace('-', ' '),
    count: checks.filter((check) => check.outcome === outcome).length,
  }));
  const present = counted.filter(({ count }) => count > 0);
  return present.map(({ outcome, count }) => `${count} ${outcome}`).join(', ') || 'none';
}

/** What became of the run's resources, and the command that removes what is left. */
export function describeCleanup(cleanup: CleanupResult, runId: string): string {
  switch (cleanup.outcome) {
    case 'complete':
      return 'complete, nothing is left';
    case 'kept':
      return `kept; \`twinstack down ${runId}\` removes it`;
    case 'incomplete': {
      const left = cleanup.leaked.map(({ kind, name }) => `${kind} ${name}`).join(', ');
      return `incomplete, left: ${left || 'what is not known'}; \`twinstack gc\` tries again`;
    }
  }
}
