import { checkTables, failedChecks } from './check-tables.ts';
import type { ColumnOptions } from './columns.ts';
import { alignColumns } from './columns.ts';
import { askedFor, countOutcomes, describeCleanup, serviceAnswer } from './describe-run.ts';
import { formatSeconds } from './format-duration.ts';
import type { Palette } from './palette.ts';
import { createPalette } from './palette.ts';
import { phaseBars } from './phase-bars.ts';
import { oneLine } from './printable.ts';
import { describeDecision } from '../scenario/choose-provider.ts';
import type { Report } from './report.ts';
import { dialogueTitle, shownRows, transcriptFiles } from './transcript-text.ts';
import { shellWords } from './shell-words.ts';

/** What the reader's screen can show. */
export interface RenderOptions {
  /** Columns of the screen; null for no limit, as in a file. */
  readonly width: number | null;
  readonly colour: boolean;
  /** False keeps to ASCII. */
  readonly unicode: boolean;
  /** Of a run that wrote no report: the report is made from its events, and this is said instead of an outcome. */
  readonly unfinished?: 'running' | 'killed';
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
  const { unfinished } = options;
  const transcripts = transcriptFiles(report.dialogues);
  const lines = [
    headline(report, palette, unfinished),
    ...(unfinished === undefined ? [] : [UNFINISHED[unfinished]]),
    ...(unfinished === 'running' ? [] : section('Failure', failure(report, facts, palette, columns))),
    ...section('Asked for', facts(asked(report))),
    ...section('Done', [...facts(done(report)), ...alignColumns(nodes(report), columns)]),
    ...section(
      'Retries',
      report.retries.flatMap(({ attempt, failure: { step, message }, durationMs }) => [
        `  ${palette.odd(`attempt ${attempt}`)} failed in ${step} after ${formatSeconds(durationMs)}`,
        ...message.split('\n').map((line) => `    ${palette.dim(oneLine(line))}`),
      ]),
    ),
    ...section('Time', phaseBars(report, palette, options)),
    ...report.dialogues.flatMap((dialogue, index) =>
      section('Dialogue', [
        ...alignColumns([[dialogueTitle(dialogue)]], columns),
        ...alignColumns(
          shownRows(dialogue, transcripts[index] ?? '').map(([when, who, said]) => [
            palette.dim(when),
            palette.dim(who),
            said,
          ]),
          columns,
        ),
      ]),
    ),
    ...section('Observed', facts(observed(report))),
    ...checkTables(report.checks, palette, columns),
    ...(unfinished === 'running' ? [] : section('Left', facts(left(report)))),
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

const UNFINISHED = {
  running: 'Still at work: this is made from events.jsonl, as far as it goes.',
  killed: 'It was killed and wrote no report: this is made from events.jsonl.',
} as const;

type Fact = readonly [label: string, text: string];

function headline(report: Report, palette: Palette, unfinished: RenderOptions['unfinished']): string {
  const paint =
    report.exitCode === 0 ? palette.good : report.outcome === 'passed' ? palette.odd : palette.bad;
  const name = oneLine(report.scenario?.name ?? 'verify');
  const when = report.startedAt.replace(/\.\d+Z$/, 'Z');
  if (unfinished !== undefined) {
    const word = palette.bold(palette.odd(unfinished.toUpperCase()));
    return `${word}  ${name}  ${palette.dim(`run ${report.runId}, ${when}`)}`;
  }
  const facts = `run ${report.runId}, ${when}, exit status ${report.exitCode}`;
  return `${palette.bold(paint(report.outcome.toUpperCase()))}  ${name}  ${palette.dim(facts)}`;
}

function asked({ scenario, families, ranges, provider, providerChoice, distribution }: Report): Fact[] {
  const rows: Fact[] = [];
  if (scenario !== null) rows.push(['scenario', `${scenario.file} (sha256 ${scenario.sha256.slice(0, 12)})`]);
  rows.push(['families', askedFor(families)]);
  if (ranges !== null) {
    rows.push(['pods', ranges.pods.join(' ')], ['services', ranges.services.join(' ')]);
  }
  if (provider !== null) rows.push(['provider', `${provider.name} ${provider.version}`]);
  if (providerChoice !== null) rows.push(['chosen', describeDecision(providerChoice)]);
  if (distribution !== null) rows.push(['distribution', `${distribution.name} ${distribution.version}`]);
  return rows;
}

function done({ host, image, twinstack, ranges, repeat }: Report): Fact[] {
  const rows: Fact[] = [['by', `twinstack ${twinstack.version}`]];
  if (repeat !== null) rows.push(['command', `twinstack ${shellWords(repeat)}`]);
  if (host !== null) {
    const known = [
      host.engine,
      host.cgroupVersion === null ? null : `cgroup v${host.cgroupVersion}`,
      host.storageDriver === null ? null : `storage ${host.storageDriver}`,
    ].filter((fact) => fact !== null);
    if (known.length > 0) rows.push(['host', known.join(', ')]);
  }
  if (image !== null) {
    rows.push(['image', `${image.key.slice(0, 12)} (${image.source})`]);
    if (image.workload !== null) {
      rows.push(['workload', `${image.workload.image}${image.workload.standIn ? ' (our stand-in)' : ''}`]);
    }
  }
  if (ranges !== null && ranges.nodes.length > 0) rows.push(['node network', ranges.nodes.join(' ')]);
  return rows;
}

/** A node in two lines: its addresses, and its share of the pod ranges. */
function nodes(report: Report): string[][] {
  return report.nodes.flatMap(({ name, role, addresses, podCIDRs }) => [
    [oneLine(name), role, addresses.join(' ')],
    ...(podCIDRs.length === 0 ? [] : [['', '', `pods ${podCIDRs.join(' ')}`]]),
  ]);
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

function failure(
  report: Report,
  facts: (rows: readonly Fact[]) => string[],
  palette: Palette,
  columns: ColumnOptions,
): string[] {
  const failed = report.outcome === 'passed' ? [] : failedChecks(report.checks, palette, columns);
  if (report.failure === null) return failed;
  const { class: failureClass, step, message, hint } = report.failure;
  const rows: Fact[] = [
    ['in', `${step} (${failureClass})`],
    ...message.split('\n').map((line, index): Fact => [index === 0 ? 'message' : '', line]),
  ];
  return [...facts(hint === null ? rows : [...rows, ['next', hint]]), ...failed];
}

function left(report: Report): Fact[] {
  return [['clean-up', describeCleanup(report.cleanup, report.runId)]];
}
