import type { ColumnOptions } from './columns.ts';
import { alignColumns } from './columns.ts';
import { clientAddress, describeEffort, describeObservation, OUTCOME_WORDS } from './describe-check.ts';
import { askedFor, countOutcomes, describeCleanup, serviceAnswer } from './describe-run.ts';
import { familyOfCheck } from './exit-status.ts';
import { formatSeconds } from './format-duration.ts';
import type { Palette } from './palette.ts';
import { createPalette } from './palette.ts';
import { lastLinesOf, logOf } from './last-lines.ts';
import { oneLine } from './printable.ts';
import type { Report, ReportCheck, ReportPhase } from './report.ts';

/** What the reader's screen can show. */
export interface RenderOptions {
  /** Columns of the screen; null for no limit, as in a file. */
  readonly width: number | null;
  readonly colour: boolean;
  /** False keeps to ASCII. */
  readonly unicode: boolean;
}

/** A report as text to read on a terminal: what was asked for, done, observed and left. Ends with a newline. */
export function renderReport(report: Report, options: RenderOptions): string {
  const palette = createPalette(options.colour);
  const columns: ColumnOptions = { width: options.width, indent: 2 };
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', palette.bold(title), ...lines];
  const facts = (rows: readonly Fact[]) =>
    alignColumns(
      rows.map(([label, text]) => [palette.dim(label.padEnd(12)), oneLine(text)]),
      columns,
    );
  const lines = [
    headline(report, palette),
    ...section('Asked for', facts(asked(report))),
    ...section('Done', [...facts(done(report)), ...alignColumns(nodes(report), columns)]),
    ...section('Time', phaseBars(report, palette, options)),
    ...section('Observed', facts(observed(report))),
    ...checkTables(report.checks, palette, columns).flatMap(([title, table]) => [
      '',
      `  ${palette.dim(title)}`,
      ...table,
    ]),
    ...report.checks.flatMap((check) => outputLines(check, palette)),
    ...section('Failure', facts(failure(report))),
    ...section('Left', facts(left(report))),
    ...section(
      'Notices',
      alignColumns(
        report.notices.map((notice) => [oneLine(notice)]),
        columns,
      ),
    ),
  ];
  const text = `${lines.join('\n')}\n`;
  return options.unicode ? text : text.replaceAll('…', '...').replace(/[^\u0000-\u007f]/gu, '?');
}

type Fact = readonly [label: string, text: string];

function headline(report: Report, palette: Palette): string {
  const paint =
    report.exitCode === 0 ? palette.good : report.outcome === 'passed' ? palette.odd : palette.bad;
  const name = oneLine(report.scenario?.name ?? 'verify');
  const when = report.startedAt.replace(/\.\d+Z$/, 'Z');
  return `${palette.bold(paint(report.outcome.toUpperCase()))}  ${name}  ${palette.dim(`run ${report.runId}, ${when}, exit status ${report.exitCode}`)}`;
}

function asked({ scenario, families, provider, distribution }: Report): Fact[] {
  const rows: Fact[] = [];
  if (scenario !== null) rows.push(['scenario', `${scenario.file} (sha256 ${scenario.sha256.slice(0, 12)})`]);
  rows.push(['families', askedFor(families)]);
  if (provider !== null) rows.push(['provider', `${provider.name} ${provider.version}`]);
  if (distribution !== null) rows.push(['distribution', `${distribution.name} ${distribution.version}`]);
  return rows;
}

function done({ host, image, twinstack }: Report): Fact[] {
  const rows: Fact[] = [['by', `twinstack ${twinstack.version}`]];
  if (host !== null) {
    const known = [
      host.engine,
      host.cgroupVersion === null ? null : `cgroup v${host.cgroupVersion}`,
      host.storageDriver === null ? null : `storage ${host.storageDriver}`,
    ].filter((fact) => fact !== null);
    if (known.length > 0) rows.push(['host', known.join(', ')]);
  }
  if (image !== null) {
    rows.push(['image', `${image.key} (${image.source})`]);
    if (image.workload !== null) {
      rows.push(['workload', `${image.workload.image}${image.workload.standIn ? ' (our stand-in)' : ''}`]);
    }
  }
  return rows;
}

function nodes(report: Report): string[][] {
  return report.nodes.map(({ name, role, addresses, podCIDRs }) => [
    name,
    role,
    addresses.join(' '),
    podCIDRs.length === 0 ? '' : `pods ${podCIDRs.join(' ')}`,
  ]);
}

/** One line a phase, its bar where and as long as it was. */
function phaseBars(report: Report, palette: Palette, { width, unicode }: RenderOptions): string[] {
  const { phases } = report;
  if (phases.length === 0) return [];
  const first = Math.min(...phases.map(startOf));
  const last = Math.max(...phases.map((phase) => startOf(phase) + phase.durationMs));
  const cells = Math.max(10, Math.min(50, (width ?? 80) - 26));
  const perCell = Math.max(1, (last - first) / cells);
  return phases.map((phase) => {
    const from = Math.min(cells - 1, Math.floor((startOf(phase) - first) / perCell));
    const length = Math.max(1, Math.min(cells - from, Math.round(phase.durationMs / perCell)));
    const bar = `${' '.repeat(from)}${palette.good((unicode ? '█' : '#').repeat(length))}`;
    return `  ${palette.dim(phase.name.padEnd(12))}  ${formatSeconds(phase.durationMs).padStart(7)}  ${bar}`;
  });
}

function startOf(phase: ReportPhase): number {
  return Date.parse(phase.startedAt);
}

function observed(report: Report): Fact[] {
  const { families, timeToDualStackMs, checks } = report;
  if (checks.length === 0) return [];
  const rows: Fact[] = families.map((family) => [family, serviceAnswer(checks, family)]);
  if (families.length > 1) {
    const time =
      timeToDualStackMs === null
        ? 'not reached'
        : `in ${formatSeconds(timeToDualStackMs)} from the start of launch`;
    rows.push(['dual-stack', time]);
  }
  return [...rows, ['checks', countOutcomes(checks)]];
}

/** The checks of each family, with the address that the server saw where there is one. */
function checkTables(
  checks: readonly ReportCheck[],
  palette: Palette,
  columns: ColumnOptions,
): [title: string, lines: string[]][] {
  const families = ['ipv4', 'ipv6', 'both'] as const;
  const grouped = families.map((family) => ({
    family,
    found: checks.filter(({ id }) => familyOfCheck(id) === family),
  }));
  return grouped
    .filter(({ found }) => found.length > 0)
    .map(({ family, found }) => {
      const rows = found.map((check) => {
        const paint = {
          passed: palette.good,
          failed: palette.bad,
          skipped: palette.odd,
          'not-reached': palette.odd,
        };
        // The client has a column of its own.
        const evidence = check.evidence === null ? null : { ...check.evidence, clientAddress: null };
        const client = clientAddress(check.evidence);
        return [
          paint[check.outcome](OUTCOME_WORDS[check.outcome]),
          check.id,
          palette.dim(describeEffort(check)),
          client === null ? '' : `client ${client}`,
          describeObservation({ reason: check.reason, evidence }),
        ];
      });
      return [family === 'both' ? 'both families' : family, alignColumns(rows, { ...columns, indent: 4 })];
    });
}

/** The end of what a test of the user's own printed, where it did not pass. */
function outputLines(check: ReportCheck, palette: Palette): string[] {
  const log = logOf(check);
  if (check.outcome === 'passed' || log === null) return [];
  const title = palette.dim(`last lines of ${check.id} (all of it: ${log})`);
  return ['', `  ${title}`, ...lastLinesOf(check).map((line) => `    ${line}`)];
}

function failure(report: Report): Fact[] {
  if (report.failure === null) return [];
  const { class: failureClass, step, message, hint } = report.failure;
  const rows: Fact[] = [
    ['in', `${step} (${failureClass})`],
    ['message', message],
  ];
  return hint === null ? rows : [...rows, ['next', hint]];
}

function left(report: Report): Fact[] {
  return [['clean-up', describeCleanup(report.cleanup, report.runId)]];
}
