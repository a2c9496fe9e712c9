import type { CheckResult } from '../checks/check.ts';
import { formatDuration } from './format-duration.ts';
import { oneLine } from './printable.ts';

/** The word that stands for an outcome in tables and lines. */
export const OUTCOME_WORDS: Readonly<Record<CheckResult['outcome'], string>> = {
  passed: 'PASS',
  failed: 'FAIL',
  skipped: 'SKIP',
  'not-reached': 'NOT REACHED',
};

/**
 * What a check has to say for itself, in one line: `http://[fd98::eaf0]/ 200 client fd01::1 (12 ms)`, or the reason where it
 * did not pass.
 */
export function describeCheck(check: CheckResult): string {
  const words: string[] = [];
  if (check.reason !== null) words.push(oneLine(check.reason));
  const answer = describeAnswer(check.evidence);
  // Most reasons name the address themselves.
  if (answer !== '' && !(check.reason?.includes(answer) ?? false)) words.push(answer);
  if (check.outcome === 'passed' || check.outcome === 'failed') {
    const attempts = check.attempts > 1 ? `, ${check.attempts} attempts` : '';
    words.push(`(${formatDuration(check.durationMs)}${attempts})`);
  }
  return words.join(check.reason === null ? ' ' : '  ');
}

/** Evidence of an answer as `URL STATUS client ADDRESS`, with what is known of it; empty when it is of another kind. */
export function describeAnswer(evidence: CheckResult['evidence']): string {
  const words: string[] = [];
  for (const key of ['url', 'status']) {
    const value = evidence?.[key];
    if (typeof value === 'string' || typeof value === 'number') words.push(oneLine(String(value)));
  }
  const client = clientAddress(evidence);
  if (client !== null) words.push(`client ${client}`);
  return words.join(' ');
}

/** The address that the server saw, or null where the evidence has none. */
export function clientAddress(evidence: CheckResult['evidence']): string | null {
  const address = evidence?.['clientAddress'];
  return typeof address === 'string' ? oneLine(address) : null;
}
