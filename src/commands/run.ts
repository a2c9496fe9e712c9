import { availableParallelism } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { annotatorOf } from './annotate.ts';
import {
  createWorkbench,
  isInteractive,
  print,
  type CommandContext,
  type Workbench,
} from './command-context.ts';
import { describeObstacles, ObstacleFinder } from './obstacles.ts';
import { loadFor, maySetUp, resolveAuto } from './resolve-auto.ts';
import { programName } from './program-name.ts';
import { listShippedScenarios } from './shipped-scenarios.ts';
import { needsOf, ScenarioQueue, type QueuedScenario } from './scenario-queue.ts';
import { commandOf, overridesOf, type RunManyOptions } from './run-options.ts';
import { newRunId } from '../run/run-identity.ts';
import { writeReportIndex } from '../report/write-report.ts';
import { findScenarioFiles, loadScenario, type LoadedScenario } from '../scenario/load-scenario.ts';
import { judgeLint } from '../scenario/judge-lint.ts';
import { formatProblem, type Problem } from '../scenario/problem.ts';
import { describeDecision, type ProviderDecision } from '../scenario/choose-provider.ts';
import { ProviderNamesError, readProviderNames, type ProviderChoice } from '../scenario/provider-names.ts';
import { parseShard, ShardError, shardKey, shardOf, type Shard } from '../scenario/shard.ts';
import { askOn } from '../ui/ask.ts';
import { describeTerminal } from '../ui/describe-terminal.ts';
import { formatSeconds } from '../report/format-duration.ts';
import { renderComparison } from '../report/render-comparison.ts';
import { chooseSeveralRenderer } from '../ui/several-renderer.ts';
import { renderTable } from '../ui/table.ts';
import type { IndexedReport, ReportIndex } from '../report/report-index.ts';

/** A scenario file that was named, or found in a folder. */
interface FoundScenario {
  readonly file: string;
  readonly key: string;
  readonly cost: number;
  /** Which of several providers it is to run with; null where the call names none or one. */
  readonly provider: ProviderChoice | null;
  /** How its provider was found, where it leaves that open. */
  readonly decision: ProviderDecision | null;
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
  const workbench = createWorkbench(context);
  const selected = await chooseScenarios(files, named, options, limits);
  const chosen = await findProviders(selected, options, context, workbench);
  const [only] = chosen;
  // The form of the results follows from what was asked for, not from how many files a folder holds today.
  const isOne = limits.shard === null && named.length === 1 && chosen.length === 1;
  if (isOne && only !== undefined && named[0] === only.file) {
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
      : [
          {
            directory: relative(top, queue[index]?.reportDir ?? top),
            provider: chosen[index]?.provider ?? null,
            report: result.value,
          },
        ],
  );
  const call = { command: commandOf(programName(context), paths, options), shard: limits.shard };
  const index = await writeReportIndex(top, reports, call);
  annotator.problems(problemsOf(chosen));
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

/** What the options say that concern all scenarios of a call. */
interface RunLimits {
  readonly parallel: number;
  readonly shard: Shard | null;
  /** In the order in which they were named; none where each scenario names its own. */
  readonly providers: readonly ProviderChoice[];
}

/** What `--parallel`, `--shard` and `--provider` say, or what is wrong with them. */
function readLimits({ parallel = '1', shard, provider }: RunManyOptions): RunLimits | string {
  const count = parallel === 'auto' ? availableParallelism() : Number(parallel);
  if (!(parallel === 'auto' || /^\d+$/.test(parallel)) || count < 1 || count > MOST_PARALLEL) {
    return `--parallel: "${parallel}" is neither auto nor a number from 1 to ${MOST_PARALLEL}`;
  }
  try {
    return {
      parallel: count,
      shard: shard === undefined ? null : parseShard(shard),
      providers: provider === undefined ? [] : readProviderNames(provider),
    };
  } catch (error) {
    if (error instanceof ShardError) return `--shard: ${error.message}`;
    if (error instanceof ProviderNamesError) return `--provider: ${error.message}`;
    throw error;
  }
}

/** The scenarios of this call, once for each provider. All runs of a file are in one shard, where they are compared. */
async function chooseScenarios(
  files: readonly string[],
  named: readonly string[],
  options: RunManyOptions,
  { shard, providers }: RunLimits,
): Promise<FoundScenario[]> {
  const several = providers.length > 1 ? providers : [null];
  const groups = await Promise.all(
    files.map(async (file) => {
      const read = (provider: ProviderChoice | null): Promise<FoundScenario> =>
        readScenario(file, named, provider === null ? options : { ...options, provider }, provider);
      const runs = await Promise.all(several.map(read));
      return { key: shardKey(file, named), cost: Math.max(...runs.map(({ cost }) => cost)), runs };
    }),
  );
  return (shard === null ? groups : shardOf(groups, shard)).flatMap(({ runs }) => runs);
}

async function readScenario(
  file: string,
  named: readonly string[],
  options: RunManyOptions,
  provider: ProviderChoice | null,
): Promise<FoundScenario> {
  const loaded = await loadScenario(file, { overrides: overridesOf(options) });
  const cost = loaded.scenario === null ? 0 : needsOf(loaded.scenario).nodes;
  return { file, key: shardKey(file, named), cost, provider, decision: null, loaded };
}

/** Finds a provider for each scenario that leaves it open, and tells which, and why. */
async function findProviders(
  scenarios: readonly FoundScenario[],
  options: RunManyOptions,
  context: CommandContext,
  workbench: Workbench,
): Promise<FoundScenario[]> {
  const finder = new ObstacleFinder(context, workbench);
  const overrides = overridesOf(options);
  return Promise.all(
    scenarios.map(async (scenario) => {
      const { file, loaded } = scenario;
      const may = { maySetUp: maySetUp(context, options.yes) };
      const decision = await resolveAuto({ file, loaded, overrides }, finder, may);
      if (decision === null) return scenario;
      context.stderr.write(`${file}: ${describeDecision(decision)}\n`);
      if (decision.chosen === null) return { ...scenario, decision };
      return { ...scenario, decision, loaded: await loadFor(decision.chosen, { file, overrides }) };
    }),
  );
}

/** The problems of all files, each once: another provider has most of them too. */
function problemsOf(scenarios: readonly FoundScenario[]): Problem[] {
  const problems = scenarios.flatMap(({ loaded }) => judgeLint(loaded).problems);
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

function queued(
  { file, provider, decision, loaded }: FoundScenario,
  label: string,
): Omit<QueuedScenario, 'reportDir'> {
  return {
    file,
    label,
    provider,
    decision,
    scenario: judgeLint(loaded).outcome === 'accepted' ? loaded.scenario : null,
  };
}

/** A scenario's name, or its file's; its whole path where another file has the same. Then its provider, where there are several. */
function labelsOf(scenarios: readonly FoundScenario[]): string[] {
  const nameOf = ({ file, loaded }: FoundScenario): string =>
    loaded.scenario?.name ?? basename(file).replace(/\.ya?ml$/, '');
  return scenarios.map((scenario) => {
    const { file, provider } = scenario;
    const isShared = scenarios.some((other) => other.file !== file && nameOf(other) === nameOf(scenario));
    const name = isShared ? file : nameOf(scenario);
    return provider === null ? name : `${name} on ${provider}`;
  });
}

/** The number keeps apart what is alike without its slashes and dots. */
function directoryOf({ key, provider }: FoundScenario, index: number): string {
  const words = key.replace(/\.ya?ml$/, '').match(/[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*/g) ?? [];
  return [index + 1, ...words, ...(provider === null ? [] : [provider])].join('-');
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
  const terminal = describeTerminal(stdout, env);
  const { colour } = terminal;
  const compared = index.comparisons.flatMap((comparison) => ['', ...renderComparison(comparison, terminal)]);
  const lines = [...compared, ...(compared.length === 0 ? [] : ['']), `exit status ${index.exitCode}`];
  return `${renderTable(headings, rows, { colour, width: null })}${lines.join('\n')}\n`;
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
