import type { ParsedScenario } from './parse-scenario.ts';
import type { Problem } from './problem.ts';

/** What `lint`, and `run` before it touches anything, make of a scenario's problems. */
export interface LintJudgement {
  /**
   * `accepted`: no errors. `refused`: errors that nobody expected, exit status 2. `refused-as-expected`: the rule that the file
   * names, and no other, has refused it, exit status 0; there is nothing to run.
   */
  readonly outcome: 'accepted' | 'refused' | 'refused-as-expected';
  /** The rule that was to refuse it, and did; null otherwise. */
  readonly expectedRule: string | null;
  /** The problems that count: all but those that were expected. */
  readonly problems: readonly Problem[];
}

/**
 * Holds a scenario's problems against its `expect: { rule: ID }`. That this version can't do something that the file asks for (rule
 * `not-yet`) does not count beside the expected rule: such a file is to be refused, not to be run.
 */
export function judgeLint({ expect, problems }: Pick<ParsedScenario, 'expect' | 'problems'>): LintJudgement {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return { outcome: 'accepted', expectedRule: null, problems };
  const expected = expect !== null && typeof expect === 'object' && 'rule' in expect ? expect.rule : null;
  if (expected === null || !errors.some(({ rule }) => rule === expected)) {
    return { outcome: 'refused', expectedRule: null, problems };
  }
  const counting = problems.filter(({ rule }) => rule !== expected && rule !== 'not-yet');
  const isRefused = counting.some(({ severity }) => severity === 'error');
  return {
    outcome: isRefused ? 'refused' : 'refused-as-expected',
    expectedRule: expected,
    problems: counting,
  };
}
