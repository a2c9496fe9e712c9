import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createWorkbench, print, type CommandContext } from './command-context.ts';
import { findRun } from './kept-run.ts';
import { tellFailure } from './tell-failure.ts';
import { foldEvents } from '../report/fold-events.ts';
import { readEvents } from '../report/read-events.ts';
import { hasReport, readReport, readReportIndex } from '../report/read-report.ts';
import { renderIndex } from '../report/render-index.ts';
import { renderReport, type RenderOptions } from '../report/render-report.ts';
import { FailureError } from '../run/failure.ts';
import { leaseState } from '../run/lease.ts';
import { describeTerminal } from '../ui/describe-terminal.ts';
import type { Report } from '../report/report.ts';
import type { RunRecord } from '../run/run-store.ts';

/** One of these makes a folder one of reports. */
const REPORT_FILES = ['report.json', 'index.json', 'events.jsonl'];

interface ReportOptions {
  readonly json?: boolean;
}

/**
 * Shows the report of a run, of a folder, or of a folder of several runs. Of a run that wrote none, because it was killed or is still
 * at work, what its events tell. @returns 0, or 2 when there is none or it is damaged.
 */
export async function reportCommand(
  name: string,
  options: ReportOptions,
  context: CommandContext,
): Promise<number> {
  try {
    const records = await createWorkbench(context).store.list();
    const isRun = records.some(({ runId, scenario }) => runId.startsWith(name) || scenario.name === name);
    // A folder may by chance have the name of a scenario.
    if ((await exists(name)) && (!isRun || (await holdsReport(name)))) {
      return await showPath(name, options, context);
    }
    if (!isRun) {
      const message = `there is no run "${name}", and no file or folder of that name`;
      const there = records.map(({ runId, scenario }) => `${runId} (${scenario.name})`).join(', ') || 'none';
      tellFailure(context, { class: 'usage', step: 'report', message, hint: `Runs here: ${there}` });
      return 2;
    }
    const run = await findRun(name, context);
    return run === null ? 2 : await showRun(run, options, context);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    tellFailure(context, error.failure);
    return 2;
  }
}

async function showPath(path: string, options: ReportOptions, context: CommandContext): Promise<number> {
  const index = await readReportIndex(path);
  if (index !== null) {
    const reports = new Map<string, Report>();
    for (const { directory } of index.runs) {
      const report = await readReport(join(path, directory)).catch(() => null);
      if (report !== null) reports.set(directory, report);
    }
    const text = renderIndex(index, reports, path.replace(/\/+$/, ''), renderOptions(context));
    print(context, options.json, index, [text.trimEnd()]);
    return 0;
  }
  const events = (await hasReport(path)) ? null : await readEvents(join(path, 'events.jsonl'));
  const [first] = events ?? [];
  if (events === null || first === undefined) return show(await readReport(path), options, context);
  // It may be a run of this user's, of which more is known.
  const record = (await createWorkbench(context).store.list()).find(({ runId }) => runId === first.runId);
  if (record !== undefined) return showRun({ ...record, reportDir: path }, options, context);
  const known = { runId: first.runId, startedAt: first.at, cleanup: null, provider: null };
  return show(foldEvents(events, known), options, context, 'killed');
}

async function showRun(run: RunRecord, options: ReportOptions, context: CommandContext): Promise<number> {
  const { runId, reportDir, startedAt, provider, state, lease } = run;
  const events = (await hasReport(reportDir)) ? null : await readEvents(join(reportDir, 'events.jsonl'));
  if (events === null) return show(await readReport(reportDir), options, context);
  const alive = state === 'running' && (await leaseState(lease)).alive;
  if (alive && options.json === true) {
    const message = `run ${runId} is still at work and has no report yet`;
    const hint = `What happened so far is in ${join(reportDir, 'events.jsonl')}.`;
    throw new FailureError({ class: 'usage', step: 'report', message, hint });
  }
  const cleanup = state === 'finished' ? ({ outcome: 'complete', leaked: [] } as const) : null;
  const report = foldEvents(events, { runId, startedAt, cleanup, provider });
  return show(report, options, context, alive ? 'running' : 'killed');
}

function show(
  report: Report,
  options: ReportOptions,
  context: CommandContext,
  unfinished?: 'running' | 'killed',
): number {
  const text = renderReport(report, {
    ...renderOptions(context),
    ...(unfinished === undefined ? {} : { unfinished }),
  });
  print(context, options.json, report, [text.trimEnd()]);
  return 0;
}

function renderOptions(context: CommandContext): RenderOptions {
  const { colour, unicode, width } = describeTerminal(context.stdout, context.env);
  return { colour, unicode, width };
}

async function holdsReport(path: string): Promise<boolean> {
  const found = await Promise.all(REPORT_FILES.map((file) => exists(join(path, file))));
  return found.includes(true);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
