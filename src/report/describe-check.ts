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

/** A check in one line: `http://[fd98::eaf0]/ 200 client fd01::1 (12 ms)`, or the reason where it did not pass. */
export function describeCheck(check: CheckResult): string {
  const effort = describeEffort(check);
  return [describeObservation(check), effort === '' ? '' : `(${effort})`]
    .filter((text) => text !== '')
    .join(' ');
}

/** The reason where there is one, and what was seen. */
export function describeObservation({ reason, evidence }: Pick<CheckResult, 'reason' | 'evidence'>): string {
  const log: unknown = evidence?.['log'];
  // The reason why a test failed has its program and its status.
  const answer = reason !== null && typeof log === 'string' ? oneLine(log) : describeAnswer(evidence);
  if (reason === null) return answer;
  // Most reasons name the address themselves.
  return answer === '' || reason.includes(answer) ? oneLine(reason) : `${oneLine(reason)}, ${answer}`;
}

/** `12 ms` or `30.0s, 14 attempts`; empty for a check that did not run. */
export function describeEffort({ outcome, durationMs, attempts }: CheckResult): string {
  if (outcome === 'skipped' || outcome === 'not-reached') return '';
  return `${formatDuration(durationMs)}${attempts > 1 ? `, ${attempts} attempts` : ''}`;
}

/** Evidence of an answer as `URL STATUS client ADDRESS`, or a test's command, with what is known of it; empty when it is of another kind. */
export function describeAnswer(evidence: CheckResult['evidence']): string {
  const words: string[] = [];
  const command: unknown = evidence?.['command'];
  if (Array.isArray(command)) words.push(shortened(oneLine(command.join(' '))));
  for (const key of ['url', 'status']) {
    const value = evidence?.[key];
    if (typeof value === 'string' || typeof value === 'number') words.push(oneLine(String(value)));
  }
  const client = clientAddress(evidence);
  if (client !== null) words.push(`client ${client}`);
  // A program's answer is its exit status, and where the rest of it is.
  const { exitCode, log, found, addresses } = evidence ?? {};
  for (const list of [found, addresses]) {
    if (Array.isArray(list)) words.push(list.map((item) => oneLine(String(item))).join(' '));
  }
  if (typeof exitCode === 'number') words.push(`exit status ${exitCode}`);
  if (typeof log === 'string') words.push(oneLine(log));
  return words.join(' ');
}

/** Characters of a command that a line shows. */
const LONGEST_COMMAND = 80;

/** A command may hold a whole script. */
function shortened(command: string): string {
  return command.length > LONGEST_COMMAND ? `${command.slice(0, LONGEST_COMMAND)}…` : command;
}

/** A body of a megabyte is in the report; a screen shows its beginning. */
const LONGEST_FACT = 300;

/** Evidence of any kind as labels and texts of one line each; what is null is left out. */
export function evidenceFacts(evidence: CheckResult['evidence']): [label: string, text: string][] {
  return Object.entries(evidence ?? {})
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => {
      const text = oneLine(typeof value === 'string' ? value : JSON.stringify(value));
      const shown = text.length > LONGEST_FACT ? `${text.slice(0, LONGEST_FACT)}…` : text;
      return [key === 'clientAddress' ? 'client' : oneLine(key), shown];
    });
}

/** The address that the server saw, or null where the evidence has none. */
export function clientAddress(evidence: CheckResult['evidence']): string | null {
  const address = evidence?.['clientAddress'];
  return typeof address === 'string' ? oneLine(address) : null;
}
