import { describeCheck, OUTCOME_WORDS } from './describe-check.ts';
import { askedFor, countOutcomes, describeCleanup, serviceAnswer } from './describe-run.ts';
import { formatSeconds } from './format-duration.ts';
import { lastLinesOf, logOf } from './last-lines.ts';
import { oneLine } from './printable.ts';
import type { Report } from './report.ts';

/** A report as Markdown, for a job's summary page. Ends with a newline. */
export function renderMarkdown(report: Report): string {
  const name = report.scenario?.name ?? 'verify';
  const blocks = [
    `## ${escape(name)}: ${report.outcome} (exit status ${report.exitCode})`,
    table(['', ''], overview(report)),
  ];
  if (report.failure !== null) {
    const { class: failureClass, step, message, hint } = report.failure;
    blocks.push(`**Failed in ${escape(step)} (${failureClass}):** ${escape(message)}`);
    if (hint !== null) blocks.push(`**Next:** ${escape(hint)}`);
  }
  if (report.checks.length > 0) {
    const rows = report.checks.map((check) => [OUTCOME_WORDS[check.outcome], check.id, describeCheck(check)]);
    blocks.push(table(['', 'check', 'observed'], rows));
  }
  for (const check of report.checks) {
    const log = logOf(check);
    if (check.outcome === 'passed' || log === null) continue;
    // An indented block takes any text as it is.
    const lines = lastLinesOf(check).map((line) => `    ${line}`);
    blocks.push(`**Last lines of ${escape(check.id)}** (all of it: ${escape(log)})`, lines.join('\n'));
  }
  if (report.phases.length > 0) {
    const rows = report.phases.map((phase) => [phase.name, formatSeconds(phase.durationMs)]);
    blocks.push(table(['phase', 'time'], rows));
  }
  if (report.notices.length > 0)
    blocks.push(report.notices.map((notice) => `- ${escape(notice)}`).join('\n'));
  return `${blocks.join('\n\n')}\n`;
}

function overview(report: Report): string[][] {
  const { families, provider, distribution, image, timeToDualStackMs, checks } = report;
  const rows = [['asked for', askedFor(families)]];
  if (provider !== null) rows.push(['provider', `${provider.name} ${provider.version}`]);
  if (distribution !== null) rows.push(['distribution', `${distribution.name} ${distribution.version}`]);
  const workload = image?.workload ?? null;
  if (workload !== null)
    rows.push(['workload', `${workload.image}${workload.standIn ? ' (our stand-in)' : ''}`]);
  if (families.length > 1) {
    rows.push([
      'time to dual-stack',
      timeToDualStackMs === null ? 'not reached' : formatSeconds(timeToDualStackMs),
    ]);
  }
  if (checks.length > 0) {
    for (const family of families) rows.push([family, serviceAnswer(checks, family)]);
  }
  rows.push(['checks', countOutcomes(checks)], ['clean-up', describeCleanup(report.cleanup, report.runId)]);
  return [...rows, ['run', `${report.runId}, ${report.startedAt}, ${formatSeconds(report.durationMs)}`]];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Text that Markdown shows as it is, in a cell too. Backticks stay: our own hints have commands in them. */
function escape(text: string): string {
  return oneLine(text)
    .replace(/[\\|*_[\]]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

export { escape as escapeMarkdown, table as markdownTable };
