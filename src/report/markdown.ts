import { describeCheck, OUTCOME_WORDS } from './describe-check.ts';
import { askedFor, countOutcomes, describeCleanup, serviceAnswer } from './describe-run.ts';
import { formatSeconds } from './format-duration.ts';
import { lastLinesOf, logOf } from './last-lines.ts';
import { oneLine, printable } from './printable.ts';
import { describeDecision } from '../scenario/choose-provider.ts';
import type { Report, ReportCheck } from './report.ts';
import { shellWords } from './shell-words.ts';
import { dialogueTitle, shownRows, transcriptFiles } from './transcript-text.ts';

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
  blocks.push(
    ...report.retries.map(
      ({ attempt, failure: { step, message } }) =>
        `**Attempt ${attempt} failed in ${escape(step)}, and was made anew with new nodes:** ${escape(message)}`,
    ),
  );
  const failed =
    report.outcome === 'passed' ? [] : report.checks.filter(({ outcome }) => outcome === 'failed');
  blocks.push(...failed.map(details), ...dialogues(report));
  if (report.repeat !== null) blocks.push(`Again on your machine:\n\n${codeBlock(command(report.repeat))}`);
  if (report.checks.length > 0) {
    const rows = report.checks.map((check) => [OUTCOME_WORDS[check.outcome], check.id, describeCheck(check)]);
    blocks.push(table(['', 'check', 'observed'], rows));
  }
  if (report.phases.length > 0) {
    const rows = report.phases.map((phase) => [phase.name, formatSeconds(phase.durationMs)]);
    blocks.push(table(['phase', 'time'], rows));
  }
  if (report.notices.length > 0)
    blocks.push(report.notices.map((notice) => `- ${escape(notice)}`).join('\n'));
  return `${blocks.join('\n\n')}\n`;
}

/** A failed check, opened: its reason, and what it saw as it is. */
function details(check: ReportCheck): string {
  const evidence = check.evidence === null ? [] : [codeBlock(JSON.stringify(check.evidence, null, 2))];
  const log = logOf(check);
  const output =
    log === null
      ? []
      : [`Last lines of its output (all of it: ${escape(log)})`, codeBlock(lastLinesOf(check).join('\n'))];
  return [
    `<details open><summary>FAIL <code>${escapeHtml(oneLine(check.id))}</code></summary>`,
    escape(check.reason ?? 'no reason was given'),
    ...output,
    ...evidence,
    '</details>',
  ].join('\n\n');
}

/** Each dialogue, closed unless it went wrong. */
function dialogues({ dialogues: all }: Report): string[] {
  const files = transcriptFiles(all);
  return all.map((dialogue, index) => {
    const lines = shownRows(dialogue, files[index] ?? '').map((row) => row.join('  ').trimEnd());
    const open = dialogue.outcome === 'answered' ? '' : ' open';
    const summary = `<details${open}><summary>Dialogue: ${escapeHtml(dialogueTitle(dialogue))}</summary>`;
    return [summary, codeBlock(lines.join('\n')), '</details>'].join('\n\n');
  });
}

/** In a fence that is longer than any in the text. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${printable(text)}\n${fence}`;
}

/** As it is typed in a checkout; installed, the words before `run` are `twinstack`. */
function command(words: readonly string[]): string {
  return `npm run scenario -- ${shellWords(words)}`;
}

function overview(report: Report): string[][] {
  const { families, provider, providerChoice, distribution, image, timeToDualStackMs, checks } = report;
  const rows = [['asked for', askedFor(families)]];
  if (provider !== null) rows.push(['provider', `${provider.name} ${provider.version}`]);
  if (providerChoice !== null) rows.push(['chosen', describeDecision(providerChoice)]);
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

/**
 * Text that Markdown shows as it is, in a cell too. Backticks around words stay, as our own hints have commands in them; in other text
 * one would make code of what follows it, the next cell included.
 */
function escape(text: string): string {
  const line = oneLine(text);
  const pieces = line.split('`');
  if (pieces.length % 2 === 0 || line.includes('``')) return pieces.map(escapePlain).join('\\`');
  return pieces
    .map((piece, index) => (index % 2 === 1 ? piece.replaceAll('|', '\\|') : escapePlain(piece)))
    .join('`');
}

function escapePlain(text: string): string {
  return escapeHtml(text.replace(/[\\|*_[\]~#]/g, '\\$&'));
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export { escape as escapeMarkdown, table as markdownTable };
