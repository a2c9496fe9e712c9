import type { CheckResult } from '../checks/check.ts';
import { askedFor, countOutcomes, describeCleanup, serviceAnswer } from '../report/describe-run.ts';
import { formatSeconds } from '../report/format-duration.ts';
import type { Palette } from '../report/palette.ts';
import { oneLine, printable } from '../report/printable.ts';
import type { RunEvent } from '../run/event.ts';

export type RunFinished = Extract<RunEvent, { type: 'run-finished' }>;

/** What a screen says when a run has ended: asked for, observed, removed, and what to do next. */
export function closingLines(
  scenario: string | null,
  checks: readonly CheckResult[],
  finished: RunFinished,
  palette: Palette,
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
    ...rows.flatMap(([label, text]) => labelled(label, text, palette)),
  ];
}

/** A label and its text, whose further lines stand below its first. */
function labelled(label: string, text: string, palette: Palette): string[] {
  const lines = printable(text).split('\n');
  return lines.map((line, index) =>
    `  ${palette.dim((index === 0 ? label : '').padEnd(12))} ${line}`.trimEnd(),
  );
}
