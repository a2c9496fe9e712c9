import type { CheckResult } from '../checks/check.ts';
import { oneLine } from './printable.ts';

/** The end of what a test of the user's own printed, fit for a screen; empty for every other check. */
export function lastLinesOf({ evidence }: Pick<CheckResult, 'evidence'>): string[] {
  const lines: unknown = evidence?.['lastLines'];
  return Array.isArray(lines) ? lines.map((line) => oneLine(String(line))) : [];
}

/** Where the report's folder keeps all of its output; null for every other check. */
export function logOf({ evidence }: Pick<CheckResult, 'evidence'>): string | null {
  const log: unknown = evidence?.['log'];
  return typeof log === 'string' && lastLinesOf({ evidence }).length > 0 ? oneLine(log) : null;
}
