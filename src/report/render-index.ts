import { alignColumns, wrapWords } from './columns.ts';
import { formatSeconds } from './format-duration.ts';
import { createPalette } from './palette.ts';
import { oneLine } from './printable.ts';
import { renderComparison } from './render-comparison.ts';
import type { RenderOptions } from './render-report.ts';
import type { ReportIndex } from './report-index.ts';
import type { Report } from './report.ts';

/**
 * Several runs as one table, and below it why those that did not pass did not. Ends with a newline.
 *
 * @param reports By folder, as far as they could be read.
 */
export function renderIndex(
  index: ReportIndex,
  reports: ReadonlyMap<string, Report>,
  directory: string,
  { colour, unicode, width }: RenderOptions,
): string {
  const palette = createPalette(colour);
  const isGood = (code: number): boolean => code === 0;
  const isCompared = (folder: string): boolean =>
    index.comparisons.some(({ runs }) => runs.some(({ directory: own }) => own === folder));
  const nameOf = (folder: string): string => {
    const name = oneLine(reports.get(folder)?.scenario?.name ?? folder);
    const provider = index.runs.find((run) => run.directory === folder)?.provider ?? null;
    return provider !== null && isCompared(folder) ? `${name} on ${provider}` : name;
  };
  const rows = index.runs.map((run) => {
    const paint = isGood(run.exitCode) ? palette.good : run.outcome === 'passed' ? palette.odd : palette.bad;
    const dualStackMs = reports.get(run.directory)?.timeToDualStackMs ?? null;
    return [
      paint(run.outcome.toUpperCase()),
      String(run.exitCode),
      formatSeconds(run.durationMs).padStart(7),
      dualStackMs === null ? '' : formatSeconds(dualStackMs).padStart(10),
      run.runId,
      nameOf(run.directory),
    ];
  });
  const head = ['OUTCOME', 'EXIT', '   TIME', 'DUAL-STACK', 'RUN', 'SCENARIO'].map(palette.dim);
  const why = index.runs
    .filter(({ exitCode }) => !isGood(exitCode))
    .flatMap((run) => {
      const failure = reports.get(run.directory)?.failure ?? null;
      const said = failure === null ? 'its report is missing, or has no failure' : failure.message;
      const lines = [oneLine(said), `twinstack report ${directory}/${run.directory}`];
      return [
        '',
        palette.bold(palette.bad(nameOf(run.directory))),
        ...lines.flatMap((line) => wrapWords(line, (width ?? Infinity) - 2)).map((line) => `  ${line}`),
      ];
    });
  const passed = index.runs.filter(({ exitCode }) => isGood(exitCode)).length;
  const title = `${passed} of ${index.runs.length} passed, exit status ${index.exitCode}`;
  const lines = [
    palette.bold((isGood(index.exitCode) ? palette.good : palette.bad)(title)),
    '',
    ...alignColumns([head, ...rows], { width, indent: 0 }),
    ...why,
    ...index.comparisons.flatMap((comparison) => [
      '',
      ...renderComparison(comparison, { colour, unicode, width }),
    ]),
  ];
  const text = `${lines.join('\n')}\n`;
  return unicode ? text : text.replaceAll('…', '...').replace(/[^\u0000-\u007f]/gu, '?');
}
