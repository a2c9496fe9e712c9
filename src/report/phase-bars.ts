import { formatSeconds } from './format-duration.ts';
import type { Palette } from './palette.ts';
import type { Report, ReportPhase } from './report.ts';

/** What the bars are drawn with. */
export interface BarOptions {
  /** Columns of the screen; null for no limit, as in a file. */
  readonly width: number | null;
  /** False keeps to ASCII. */
  readonly unicode: boolean;
}

/** Indent, name, begin and duration before a bar. */
const MARGIN = 2 + 10 + 2 + 7 + 2 + 7 + 2;
const MOST_CELLS = 100;
const FEWEST_CELLS = 16;
/** Seconds between two marks of the scale. */
const INTERVALS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200];
const CELLS_BETWEEN_MARKS = 9;

/**
 * The phases on one time axis: a line for each, its bar where and as long as it was, so that what went on at the same time is seen.
 * Above them the scale, below them when the cluster was dual-stack.
 */
export function phaseBars(report: Report, palette: Palette, options: BarOptions): string[] {
  const { phases, timeToDualStackMs } = report;
  if (phases.length === 0) return [];
  const zero = Math.min(...phases.map(startOf));
  const span = Math.max(1, ...phases.map((phase) => startOf(phase) - zero + phase.durationMs));
  const cells = Math.max(FEWEST_CELLS, Math.min(MOST_CELLS, (options.width ?? 100) - MARGIN));
  const cellOf = (ms: number): number => Math.min(cells - 1, Math.floor((ms * cells) / span));
  const line = (name: string, from: number | null, took: string, drawing: string): string =>
    [
      `  ${palette.dim(name.padEnd(10))}`,
      (from === null ? '' : `+${formatSeconds(from)}`).padStart(7),
      took.padStart(7),
      drawing,
    ]
      .join('  ')
      .trimEnd();
  const bars = phases.map((phase) => {
    const from = startOf(phase) - zero;
    const first = cellOf(from);
    const length = Math.max(1, Math.min(cells - first, Math.round((phase.durationMs * cells) / span)));
    const bar = `${' '.repeat(first)}${palette.good((options.unicode ? '█' : '#').repeat(length))}`;
    return line(phase.name, from, formatSeconds(phase.durationMs), bar);
  });
  const launch = phases.find(({ name }) => name === 'launch');
  const reached =
    launch === undefined || timeToDualStackMs === null ? null : startOf(launch) - zero + timeToDualStackMs;
  const mark = options.unicode ? '▲' : '^';
  return [
    line('', null, '', palette.dim(scale(span, cells))),
    ...bars,
    ...(reached === null
      ? []
      : [line('dual-stack', reached, '', `${' '.repeat(cellOf(reached))}${palette.bold(mark)}`)]),
  ];
}

/** `|0s       |5s       |10s`: each mark stands where its time begins. */
function scale(spanMs: number, cells: number): string {
  const interval = INTERVALS.find((seconds) => (seconds * 1000 * cells) / spanMs >= CELLS_BETWEEN_MARKS);
  const everyMs = (interval ?? 7200) * 1000;
  let text = '';
  for (let ms = 0; ms < spanMs; ms += everyMs) {
    const label = `|${markLabel(ms)}`;
    const at = Math.floor((ms * cells) / spanMs);
    if (at >= text.length && at + label.length <= cells) text = text.padEnd(at) + label;
  }
  return text;
}

function markLabel(ms: number): string {
  const seconds = ms / 1000;
  return seconds >= 120 ? formatSeconds(ms).replace(' 00s', '') : `${Number(seconds.toFixed(1))}s`;
}

function startOf(phase: ReportPhase): number {
  return Date.parse(phase.startedAt);
}
