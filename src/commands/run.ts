import { availableParallelism } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { annotatorOf } from './annotate.ts';
import { createWorkbench, isInteractive, print, type CommandContext } from './command-context.ts';
import { describeObstacles, ObstacleFinder } from './obstacles.ts';
import { programName } from './program-name.ts';
import { listShippedScenarios } from './shipped-scenarios.ts';
import { needsOf, ScenarioQueue, type QueuedScenario } from './scenario-queue.ts';
import { commandOf, overridesOf, type RunManyOptions } from './run-options.ts';
import { newRunId } from '../run/run-identity.ts';
import { writeReportIndex } from '../report/write-report.ts';
import { findScenarioFiles, loadScenario, type LoadedScenario } from '../scenario/load-scenario.ts';
import { judgeLint } from '../scenario/judge-lint.ts';
import { formatProblem } from '../scenario/problem.ts';
import { parseShard, ShardError, shardKey, shardOf, type Shard } from '../scenario/shard.ts';
import { askOn } from '../ui/ask.ts';
import { describeTerminal } from '../ui/describe-terminal.ts';
import { formatSeconds } from '../report/format-duration.ts';
import { chooseSeveralRenderer } from '../ui/several-renderer.ts';
import { renderTable } from '../ui/table.ts';
import type { IndexedReport, ReportIndex } from '../report/report-index.ts';

/** A scenario file that was named, or found in a folder. */
interface FoundScenario {
  readonly file: string;
  readonly key: string;
  readonly cost: number;
  readonly loaded: LoadedScenario;
}

/** Runs scenario files, several at a time where that is asked for and there is room. @returns the exit status. */
export async function runCommand(
  paths: readonly string[],
  options: RunManyOptions,
  context: CommandContext,
): Promise<number> {
  const limits = readLimits(options);
  if (typeof limits === 'string') {
    context.stderr.write(`${limits}\n`);
    return 2;
  }
  const named = paths.length > 0 ? paths : [await defaultScenario(context, options)];
  const annotator = annotatorOf(options.annotations, context);
  const { files, problems } = await findScenarioFiles(named);
  for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
  annotator.problems(problems);
  if (problems.length > 0 || files.length === 0) return 2;
  const found = await Promise.all(files.map((file) => readScenario(file, named, options)));
  const chosen = limits.shard === null ? found : shardOf(found, limits.shard);
  const workbench = createWorkbench(context);
  const [only] = chosen;
  // The form of the results follows from what was asked for, not from how many files a folder holds today.
  if (only !== undefined && limits.shard === null && named.length === 1 && named[0] === only.file) {
    const queue = new ScenarioQueue(context, workbench, { run: options, parallel: 1, renderer: null });
    const single: QueuedScenario = { ...queued(only, only.key), reportDir: options.reportDir ?? null };
    const [result] = await queue.run([single]);
    if (result === undefined || result.status === 'rejected') throw result?.reason;
    annotator.problems(judgeLint(only.loaded).problems);
    annotator.report(result.value, only.loaded);
    if (options.json === true) print(context, true, result.value, []);
    return result.value.exitCode;
  }
  const top = resolve(options.reportDir ?? join(workbench.directories.state, 'several', newRunId()));
  const labels = labelsOf(chosen);
  const queue = chosen.map((scenario, index) => {
    const label = labels[index] ?? scenario.key;
    return { ...queued(scenario, label), reportDir: join(top, directoryOf(scenario, index)) };
  });
  const { parallel } = limits;
  const renderer =
    parallel === 1 ? null : chooseSeveralRenderer({ ...context, json: options.json === true }, labels);
  const results = await new ScenarioQueue(context, workbench, { run: options, parallel, renderer }).run(
    queue,
  );
  await renderer?.close();
  const reports = results.flatMap((result, index): IndexedReport[] =>
    result.status === 'rejected'
      ? []
      : [{ directory: relative(top, queue[index]?.reportDir ?? top), report: result.value }],
  );
  const call = { command: commandOf(programName(context), paths, options), shard: limits.shard };
  const index = await writeReportIndex(top, reports, call);
  for (const { loaded } of chosen) annotator.problems(judgeLint(loaded).problems);
  for (const [position, result] of results.entries()) {
    if (result.status === 'fulfilled') annotator.report(result.value, chosen[position]?.loaded ?? null);
  }
  if (options.json === true) print(context, true, index, []);
  else context.stdout.write(overview(index, labels, top, context));
  const defect = results.find((result) => result.status === 'rejected');
  if (defect !== undefined) throw defect.reason;
  return index.exitCode;
}

const MOST_PARALLEL = 64;

/** What `--parallel` and `--shard` say, or what is wrong with them. */
function readLimits({
  parallel = '1',
  shard,
}: RunManyOptions): { parallel: number; shard: Shard | null } | string {
  const count = parallel === 'auto' ? availableParallelism() : Number(parallel);
  if (!(parallel === 'auto' || /^\d+$/.test(parallel)) || count < 1 || count > MOST_PARALLEL) {
    return `--parallel: "${parallel}" is neither auto nor a number from 1 to ${MOST_PARALLEL}`;
  }
  try {
    return { parallel: count, shard: shard === undefined ? null : parseShard(shard) };
  } catch (error) {
    if (!(error instanceof ShardError)) throw error;
    return `--shard: ${error.message}`;
  }
}

async function readScenario(
  file: string,
  named: readonly string[],
  options: RunManyOptions,
): Promise<FoundScenario> {
  const loaded = await loadScenario(file, { overrides: overridesOf(options) });
  const cost = loaded.scenario === null ? 0 : needsOf(loaded.scenario).nodes;
  return { file, key: shardKey(file, named), cost, loaded };
}

function queued({ file, loaded }: FoundScenario, label: string): Omit<QueuedScenario, 'reportDir'> {
  return { file, label, scenario: judgeLint(loaded).outcome === 'accepted' ? loaded.scenario : null };
}

/** A scenario's name, or its file's; its whole path where another has the same. */
function labelsOf(scenarios: readonly FoundScenario[]): string[] {
  const names = scenarios.map(
    ({ file, loaded }) => loaded.scenario?.name ?? basename(file).replace(/\.ya?ml$/, ''),
  );
  return scenarios.map(({ file }, index) => {
    const name = names[index] ?? file;
    return names.indexOf(name) === names.lastIndexOf(name) ? name : file;
  });
}

/** The number keeps apart what is alike without its slashes and dots. */
function directoryOf({ key }: FoundScenario, index: number): string {
  const words = key.replace(/\.ya?ml$/, '').match(/[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*/g) ?? [];
  return [index + 1, ...words].join('-');
}

function overview(
  index: ReportIndex,
  labels: readonly string[],
  top: string,
  { stdout, env }: CommandContext,
): string {
  if (index.runs.length === 0) return 'there are fewer scenarios than shards: this one is empty\n';
  const rows = index.runs.map((run, position) => [
    labels[position] ?? '',
    run.outcome,
    String(run.exitCode),
    run.timeToDualStackMs === null ? '-' : formatSeconds(run.timeToDualStackMs),
    formatSeconds(run.durationMs),
    join(top, run.directory),
  ]);
  const headings = ['SCENARIO', 'OUTCOME', 'STATUS', 'DUAL-STACK', 'TOOK', 'REPORT'];
  const { colour } = describeTerminal(stdout, env);
  return `${renderTable(headings, rows, { colour, width: null })}exit status ${index.exitCode}\n`;
}

/** Without a file: a choice on a terminal, else the quick start. */
async function defaultScenario(context: CommandContext, options: RunManyOptions): Promise<string> {
  const shipped = await listShippedScenarios();
  const name = (file: string): string => relative(process.cwd(), resolve(file));
  const quickstart = shipped.find(({ file }) => file.endsWith('quickstart.yaml'));
  if (quickstart === undefined)
    throw new Error('scenarios/quickstart.yaml is missing from this installation');
  if (options.yes === true || options.json === true || !isInteractive(context)) return name(quickstart.file);
  const finder = new ObstacleFinder(context, createWorkbench(context));
  const choices = await Promise.all(
    shipped.map(async ({ file, description, loaded }) => {
      const shown = name(file);
      // What the run offers to put right is none.
      const obstacles = (await finder.obstaclesOf(loaded.scenario)).filter(({ fixable }) => !fixable);
      const obstacle = obstacles.length === 0 ? null : describeObstacles(obstacles);
      return { file: shown, name: shown, description, obstacle };
    }),
  );
  return askOn({ ...context, signal: context.interrupted }).pickScenario(choices);
}
