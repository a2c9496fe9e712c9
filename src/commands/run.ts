import { join, relative, resolve } from 'node:path';
import { createWorkbench, isInteractive, print, type CommandContext } from './command-context.ts';
import { listShippedScenarios } from './shipped-scenarios.ts';
import { runOne, type RunOptions } from './run-one.ts';
import { combineExitCodes } from '../report/exit-status.ts';
import { writeReportIndex } from '../report/write-report.ts';
import { findScenarioFiles } from '../scenario/load-scenario.ts';
import { formatProblem } from '../scenario/problem.ts';
import { askOn } from '../ui/ask.ts';
import type { Report } from '../report/report.ts';

/** Runs scenario files one after the other. @returns the exit status. */
export async function runCommand(
  paths: readonly string[],
  options: RunOptions,
  context: CommandContext,
): Promise<number> {
  const named = paths.length > 0 ? paths : [await defaultScenario(context, options)];
  const { files, problems } = await findScenarioFiles(named);
  for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
  if (problems.length > 0 || files.length === 0) return 2;
  const workbench = createWorkbench(context);
  const single = files.length === 1;
  const top = options.reportDir ?? join(workbench.directories.state, 'last');
  const reports: { directory: string; report: Report }[] = [];
  for (const [index, file] of files.entries()) {
    if (context.interrupted.aborted) break;
    const directory = `${index + 1}-${file.replace(/\.ya?ml$/, '').replaceAll(/[^A-Za-z0-9-]+/g, '-')}`;
    const reportDir = single ? (options.reportDir ?? null) : join(top, directory);
    reports.push({ directory, report: await runOne(file, { ...options, reportDir }, context, workbench) });
  }
  const [first, ...others] = reports;
  if (first === undefined) return 130;
  if (single) {
    if (options.json === true) print(context, true, first.report, []);
    return first.report.exitCode;
  }
  const index = await writeReportIndex(top, [first, ...others]);
  const lines = reports.map(
    ({ report }) => `${report.exitCode}  ${report.outcome}  ${report.scenario?.file ?? ''}`,
  );
  print(context, options.json, index, lines);
  return combineExitCodes([first.report.exitCode, ...others.map(({ report }) => report.exitCode)]);
}

/** Without a file: a choice on a terminal, else the quick start. */
async function defaultScenario(context: CommandContext, options: RunOptions): Promise<string> {
  const shipped = await listShippedScenarios();
  const name = (file: string): string => relative(process.cwd(), resolve(file));
  const quickstart = shipped.find(({ file }) => file.endsWith('quickstart.yaml'));
  if (quickstart === undefined)
    throw new Error('scenarios/quickstart.yaml is missing from this installation');
  if (options.yes === true || options.json === true || !isInteractive(context)) return name(quickstart.file);
  const choices = shipped.map(({ file, description }) => {
    const shown = name(file);
    return { file: shown, name: shown, description, obstacle: null };
  });
  return askOn({ ...context, signal: context.interrupted }).pickScenario(choices);
}
