import type { CheckResult } from '../checks/check.ts';
import { askedFor, countOutcomes, describeCleanup, serviceAnswer } from '../report/describe-run.ts';
import { formatSeconds } from '../report/format-duration.ts';
import { wrapWords } from '../report/columns.ts';
import type { Palette } from '../report/palette.ts';
import { oneLine, printable } from '../report/printable.ts';
import type { RunEvent } from '../run/event.ts';

export type RunFinished = Extract<RunEvent, { type: 'run-finished' }>;

/** Where the text of a row begins. */
const TEXT_COLUMN = 15;

/**
 * What a screen says when a run has ended: asked for, observed, removed, and what to do next.
 *
 * @param width Columns of the screen, or null for no limit.
 */
export function closingLines(
  scenario: string | null,
  checks: readonly CheckResult[],
  finished: RunFinished,
  palette: Palette,
  width: number | null,
): string[] {
  const rows: [label: string, text: string][] = [['asked for', askedFor(finished.families)]];
  if (finished.families.length > 1) {
    const { timeToDualStackMs } = finished;
    rows.push([
      'dual-stack',
      timeToDualStackMs === null
        ? 'not reached'
        : `in ${formatSeconds(timeToDualStackMs)} from the start of launch`,
    ]);
  }
  for (const family of finished.families) rows.push([family, serviceAnswer(checks, family.toLowerCase())]);
  if (checks.length > 0) rows.push(['checks', countOutcomes(checks)]);
  const { failure } = finished;
  if (failure !== null) rows.push(['failure', `in ${failure.step} (${failure.class}): ${failure.message}`]);
  rows.push(['clean-up', describeCleanup(finished.cleanup, finished.runId)]);
  rows.push(['report', finished.reportDir]);
  rows.push(['exit status', String(finished.exitCode)]);
  if (failure !== null && failure.hint !== null) rows.push(['next', failure.hint]);

  const paint =
    finished.exitCode === 0 ? palette.good : finished.outcome === 'passed' ? palette.odd : palette.bad;
  const title = [
    `run ${finished.runId}`,
    scenario === null ? [] : `of ${scenario}`,
    `after ${formatSeconds(finished.durationMs)}`,
  ];
  return [
    `${palette.bold(paint(finished.outcome.toUpperCase()))}  ${oneLine(title.flat().join(' '))}`,
    ...rows.flatMap(([label, text]) => labelled(label, text, palette, width)),
  ];
}

/** A label and its text, whose further lines stand below its first. */
function labelled(label: string, text: string, palette: Palette, width: number | null): string[] {
  const room = width === null ? Infinity : Math.max(20, width - TEXT_COLUMN);
  const lines = printable(text)
    .split('\n')
    .flatMap((line) => wrapWords(line, room));
  return lines.map((line, index) => {
    const margin = index === 0 ? palette.dim(label.padEnd(TEXT_COLUMN - 3)) : ' '.repeat(TEXT_COLUMN - 3);
    return `  ${margin} ${line}`.trimEnd();
  });
}
