import { alignColumns, wrapWords } from './columns.ts';
import { comparisonReasons, comparisonRows, comparisonSummary, listOf } from './comparison-rows.ts';
import { escapeMarkdown, markdownTable } from './markdown.ts';
import { createPalette } from './palette.ts';
import { oneLine } from './printable.ts';
import type { Comparison } from './compare-runs.ts';
import type { RenderOptions } from './render-report.ts';

/** A scenario's runs side by side, as lines; what differs carries a mark, with and without colour. */
export function renderComparison(
  comparison: Comparison,
  { colour, unicode, width }: RenderOptions,
): string[] {
  const palette = createPalette(colour);
  const mark = unicode ? '≠' : '!=';
  const head = ['', '', ...comparison.runs.map(({ provider }) => palette.bold(provider))];
  const rows = comparisonRows(comparison).map(({ label, cells, differs }) =>
    differs
      ? [palette.bad(mark), palette.bold(oneLine(label)), ...cells.map(palette.bold)]
      : ['', palette.dim(label), ...cells],
  );
  const paint = comparison.differences.length === 0 ? palette.good : palette.bad;
  const why = comparisonReasons(comparison).flatMap((line) => wrapWords(line, (width ?? Infinity) - 2));
  return [
    palette.bold(`${oneLine(comparison.name)} with ${listOf(comparison.runs)}`),
    ...alignColumns([head, ...rows], { width, indent: 2 }),
    `  ${paint(comparisonSummary(comparison))}`,
    ...why.map((line) => `  ${line}`),
  ];
}

/** The same for a job's summary page, with every check folded away below it. */
export function renderComparisonMarkdown(comparison: Comparison): string {
  const { runs, checks } = comparison;
  const providers = runs.map(({ provider }) => provider);
  const rows = comparisonRows(comparison).map(({ label, cells, differs }) => [
    differs ? `≠ ${label}` : label,
    ...cells,
  ]);
  const all = checks.map(({ id, outcomes }) => [
    id,
    ...providers.map((provider) => outcomes[provider]?.replace('-', ' ') ?? 'no such check'),
  ]);
  return [
    `## ${escapeMarkdown(`${comparison.name} with ${listOf(runs)}`)}`,
    `**${escapeMarkdown(comparisonSummary(comparison))}**`,
    markdownTable(['', ...providers], rows),
    ...comparisonReasons(comparison).map((line) => `- ${escapeMarkdown(line)}`),
    ...(all.length === 0
      ? []
      : [
          `<details><summary>All ${all.length} checks</summary>`,
          markdownTable(['check', ...providers], all),
          '</details>',
        ]),
  ].join('\n\n');
}
