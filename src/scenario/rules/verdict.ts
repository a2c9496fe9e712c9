import type { DistributionName } from '../scenario.ts';
import type { RuleContext } from './rule.ts';

/**
 * What becomes of something that a rule refuses, by distribution: which of its programs would say what, or that none would and what
 * breaks then. The end of a message, in brackets.
 */
export type Verdict<Facts> = Readonly<Record<DistributionName, (facts: Facts) => string>>;

/** The verdict of the scenario's own distribution. */
export function verdictFor<Facts>({ written }: RuleContext, verdict: Verdict<Facts>, facts: Facts): string {
  const words = verdict[written.distribution.name](facts);
  return words === '' ? '' : ` (${words})`;
}
