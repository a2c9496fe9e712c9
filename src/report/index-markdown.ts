import { formatSeconds } from './format-duration.ts';
import { escapeMarkdown, markdownTable, renderMarkdown } from './markdown.ts';
import type { IndexedReport, ReportIndex } from './report-index.ts';
import { renderComparisonMarkdown } from './render-comparison.ts';
import { withDistinctNames } from './report-index.ts';

/** Several runs as Markdown, for a job's summary page: all of them in a table, and what each of them says. Ends with a newline. */
export function renderIndexMarkdown(index: ReportIndex, reports: readonly IndexedReport[]): string {
  const named = withDistinctNames(reports);
  const rows = index.runs.map((run, position) => [
    named[position]?.scenario?.name ?? run.runId,
    `${run.outcome} (${run.exitCode})`,
    run.timeToDualStackMs === null ? '' : formatSeconds(run.timeToDualStackMs),
    formatSeconds(run.durationMs),
    run.directory,
  ]);
  const blocks = [
    `# ${title(index)}`,
    rows.length === 0
      ? 'There are fewer scenarios than shards, so this one is empty.'
      : markdownTable(['scenario', 'outcome', 'time to dual-stack', 'took', 'report'], rows),
    ...index.comparisons.map(renderComparisonMarkdown),
    `Run it again: \`${index.command.replaceAll('`', "'")}\``,
    ...named.map((report) => renderMarkdown(report).trimEnd()),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function title({ runs, counts, exitCode, shard }: ReportIndex): string {
  const part = shard === null ? '' : `, shard ${shard.index} of ${shard.total}`;
  return escapeMarkdown(`${counts.passed} of ${runs.length} passed${part} (exit status ${exitCode})`);
}
