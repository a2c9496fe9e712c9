import type { ColumnOptions } from './columns.ts';
import { alignColumns } from './columns.ts';
import { describeObservation, evidenceFacts, OUTCOME_WORDS } from './describe-check.ts';
import { formatDuration } from './format-duration.ts';
import { lastLinesOf, logOf } from './last-lines.ts';
import type { Palette } from './palette.ts';
import { oneLine } from './printable.ts';
import type { ReportCheck } from './report.ts';

/**
 * The checks under what they asked about (`service/nginx-dualstack`), in their order; what comes after it in their ids, how long
 * they took and what they saw.
 */
export function checkTables(
  checks: readonly ReportCheck[],
  palette: Palette,
  columns: ColumnOptions,
): string[] {
  const subjects = [...new Set(checks.map(subjectOf))];
  return subjects.flatMap((subject) => {
    const rows = checks
      .filter((check) => subjectOf(check) === subject)
      .map((check) => [
        outcomeWord(check, palette),
        palette.dim(effortOf(check).padStart(6)),
        oneLine(check.id.slice(subject.length + 1)),
        seen(check),
      ]);
    return ['', `  ${palette.bold(oneLine(subject))}`, ...alignColumns(rows, { ...columns, indent: 4 })];
  });
}

/** The checks that failed or were not reached, with everything that they saw. */
export function failedChecks(
  checks: readonly ReportCheck[],
  palette: Palette,
  columns: ColumnOptions,
): string[] {
  return checks
    .filter(({ outcome }) => outcome === 'failed')
    .flatMap((check) => {
      const facts: [string, string][] = [
        ['reason', oneLine(check.reason ?? 'none was given')],
        ...evidenceFacts(check.evidence),
      ];
      if (check.attempts > 1) facts.push(['attempts', `${check.attempts} in ${effortOf(check)}`]);
      const rows = facts.map(([label, text]) => [palette.dim(label.padEnd(10)), text]);
      return [
        '',
        `  ${outcomeWord(check, palette)}  ${palette.bold(oneLine(check.id))}`,
        ...alignColumns(rows, { ...columns, indent: 4 }),
        ...outputLines(check, palette),
      ];
    });
}

/** The end of what a test of the user's own printed. */
function outputLines(check: ReportCheck, palette: Palette): string[] {
  const log = logOf(check);
  if (log === null) return [];
  return [
    `    ${palette.dim(`its last lines, all of it in ${log}:`)}`,
    ...lastLinesOf(check).map((line) => `      ${line}`),
  ];
}

function subjectOf({ id }: ReportCheck): string {
  return id.split('/').slice(0, 2).join('/');
}

function outcomeWord({ outcome }: ReportCheck, palette: Palette): string {
  const paint = {
    passed: palette.good,
    failed: palette.bad,
    skipped: palette.odd,
    'not-reached': palette.odd,
  };
  return paint[outcome](OUTCOME_WORDS[outcome]);
}

function effortOf({ outcome, durationMs }: ReportCheck): string {
  return outcome === 'skipped' || outcome === 'not-reached' ? '' : formatDuration(durationMs);
}

function seen(check: ReportCheck): string {
  const attempts = check.attempts > 1 ? `(${check.attempts} attempts)` : '';
  return [describeObservation(check), attempts].filter((text) => text !== '').join(' ');
}
