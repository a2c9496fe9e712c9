import type { CheckResult } from '../checks/check.ts';
import { describeAnswer } from '../report/describe-check.ts';
import { familyOfCheck } from '../report/exit-status.ts';
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
  rows.push(['clean-up', describeCleanup(finished)]);
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

/** `3 passed, 1 failed` */
export function countOutcomes(checks: readonly CheckResult[]): string {
  const outcomes = ['passed', 'failed', 'skipped', 'not-reached'] as const;
  const counts = outcomes.map((outcome) => [
    checks.filter((check) => check.outcome === outcome).length,
    outcome,
  ]);
  const present = counts.filter(([count]) => count !== 0);
  return present.map(([count, outcome]) => `${count} ${String(outcome).replace('-', ' ')}`).join(', ');
}

function describeCleanup({ cleanup, runId }: RunFinished): string {
  switch (cleanup.outcome) {
    case 'complete':
      return 'complete, nothing is left';
    case 'kept':
      return `kept; \`twinstack down ${runId}\` removes it`;
    case 'incomplete': {
      const left =
        cleanup.leaked.map(({ kind, name }) => `${kind} ${name}`).join(', ') || 'what is not known';
      return `incomplete, left: ${left}; \`twinstack gc\` tries again`;
    }
  }
}

/** A label and its text, whose further lines stand below its first. */
function labelled(label: string, text: string, palette: Palette): string[] {
  const lines = printable(text).split('\n');
  return lines.map((line, index) =>
    `  ${palette.dim((index === 0 ? label : '').padEnd(12))} ${line}`.trimEnd(),
  );
}
