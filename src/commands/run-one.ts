import { join, resolve } from 'node:path';
import type { CommandContext, Workbench } from './command-context.ts';
import { prepareHost } from './prepare-host.ts';
import { planParts } from './plan-parts.ts';
import { ensureNodeImage } from '../images/ensure-node-image.ts';
import { packageVersion } from '../package-root.ts';
import { assembleReport, NOTHING_TO_CLEAN, type ReportFacts } from '../report/assemble-report.ts';
import { ReportWriter } from '../report/write-report.ts';
import { FailureError, type Failure } from '../run/failure.ts';
import { newRunId, ScenarioRunner, type Keep, type ScenarioRunResult } from '../run/run-scenario.ts';
import { judgeLint } from '../scenario/judge-lint.ts';
import { loadScenario, type LoadedScenario } from '../scenario/load-scenario.ts';
import { formatProblem } from '../scenario/problem.ts';
import { chooseRenderer } from '../ui/choose-renderer.ts';
import { familyWord } from '../checks/planned-check.ts';
import type { HostReadiness } from './prepare-host.ts';
import type { NodeImageSpec } from '../images/node-image.ts';
import type { Report } from '../report/report.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** The options of `run` that concern one scenario. */
export interface RunOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly reportDir?: string | null;
  readonly keep?: Keep;
  readonly set?: readonly string[];
  readonly timeout?: string;
  readonly provider?: string;
  /** False for `--no-egress`. */
  readonly egress?: boolean;
}

const BUILD_TIMEOUT_MS = 60 * 60_000;

/** Options are another way to write a scenario's fields, checked as these are. */
export function overridesOf(options: RunOptions): string[] {
  return [
    ...(options.set ?? []),
    ...(options.timeout === undefined ? [] : [`timeout=${options.timeout}`]),
    ...(options.provider === undefined ? [] : [`provider=${options.provider}`]),
    ...(options.egress === false ? ['egress=blocked'] : []),
  ];
}

/** What a scenario's node image is, as far as the scenario says. */
export function imageSpecOf(scenario: Scenario): NodeImageSpec {
  return {
    kubernetesVersion: scenario.distribution.version,
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
  };
}

/** Loads, prepares, runs and reports one scenario. The report's exit code is the run's. */
export async function runOne(
  file: string,
  options: RunOptions,
  context: CommandContext,
  workbench: Workbench,
): Promise<Report> {
  const runId = newRunId();
  const startedAt = new Date();
  const loaded = await loadScenario(file, { overrides: overridesOf(options) });
  for (const problem of loaded.problems) context.stderr.write(`${formatProblem(problem)}\n`);
  const reportDir = resolve(options.reportDir ?? join(workbench.store.directoryOf(runId), 'report'));
  const secrets = new Set<string>();
  const writer = await ReportWriter.create(reportDir, { redact: secrets });
  const attempt = new RunAttempt({ runId, startedAt, file, loaded, version: await packageVersion() });
  if (judgeLint(loaded).outcome !== 'accepted' || loaded.scenario === null) {
    const report = attempt.refused(lintFailure(loaded));
    if (report.exitCode === 0) context.stderr.write(`${file}: refused, as it expects to be\n`);
    return writer.write(report);
  }
  const { scenario } = loaded;
  let readiness: Awaited<ReturnType<typeof prepareHost>>;
  try {
    const nodes = scenario.nodes.controlPlanes + scenario.nodes.workers;
    readiness = await prepareHost(context, workbench, imageSpecOf(scenario), nodes, options.yes === true);
  } catch (error) {
    const failure = preparationFailure(error, context);
    tellFailure(context, failure);
    return writer.write(attempt.refused(failure));
  }
  const setupMs = Date.now() - startedAt.getTime();
  const renderer = chooseRenderer({ ...context, json: options.json === true, quiet: false, parallel: false });
  const runner = new ScenarioRunner({
    runId,
    scenario,
    file,
    provider: workbench.provider,
    parts: await planParts(scenario),
    store: workbench.store,
    stateDirectory: workbench.directories.state,
    reportDir,
    keep: options.keep ?? 'never',
    sinks: [(event) => renderer.handle(event), (event) => writer.append(event)],
    prepareImage: ({ signal, onProgress }) =>
      ensureNodeImage(imageSpecOf(scenario), {
        cacheDir: workbench.directories.cache,
        runner: workbench.runner,
        signal,
        timeoutMs: BUILD_TIMEOUT_MS,
        onProgress,
      }),
    interrupted: context.interrupted,
    abandoned: context.abandoned,
    onSecret: (secret) => secrets.add(secret),
  });
  try {
    const result = await runner.execute();
    const report = attempt.report(result, readiness, setupMs);
    runner.finish(report.notices, {
      outcome: report.outcome,
      exitCode: report.exitCode,
      failure: report.failure,
      cleanup: result.cleanup,
      reportDir,
      timeToDualStackMs: report.timeToDualStackMs,
      families: report.families,
      durationMs: result.durationMs,
    });
    return await writer.write(report);
  } finally {
    await renderer.close();
  }
}

/** What is known of one run, folded into its report whichever way it ends. */
class RunAttempt {
  readonly #known: {
    readonly runId: string;
    readonly startedAt: Date;
    readonly file: string;
    readonly loaded: LoadedScenario;
    readonly version: string;
  };

  constructor(known: {
    readonly runId: string;
    readonly startedAt: Date;
    readonly file: string;
    readonly loaded: LoadedScenario;
    readonly version: string;
  }) {
    this.#known = known;
  }

  /** Nothing was created: the scenario or the host did not allow it. */
  refused(failure: Failure | null): Report {
    const durationMs = Date.now() - this.#known.startedAt.getTime();
    return assembleReport([], {
      ...this.#facts(),
      ending: { failure, cleanup: NOTHING_TO_CLEAN, durationMs },
    });
  }

  report(result: ScenarioRunResult, readiness: HostReadiness, setupMs: number): Report {
    const { events, plan, image, podCIDRs, failure, cleanup, durationMs, timeToDualStackMs } = result;
    const { facts, engine } = readiness;
    const started =
      plan !== null && events.some((event) => event.type === 'phase-started' && event.phase === 'launch');
    const report = assembleReport(events, {
      ...this.#facts(),
      provider: { name: 'lxd', version: engine?.version ?? '' },
      host: {
        cgroupVersion: facts.cgroupVersion,
        storageDriver: engine?.storageDriver ?? null,
        engine: `lxd ${engine?.version ?? ''}`,
      },
      image:
        image === null
          ? null
          : {
              key: image.key,
              source: 'built from Go modules',
              workload: { image: image.images.nginxdualstack, standIn: true },
            },
      nodes: (started ? plan.nodes : []).map((node) => ({
        name: node.name,
        role: node.role,
        addresses: node.addresses.map(({ address }) => address),
        podCIDRs: node.addresses.flatMap(
          ({ family }) => podCIDRs.get(`podCIDR.${node.name}.${family}`) ?? [],
        ),
      })),
      setupMs,
      plannedChecks: plan?.checks.map(({ id }) => id) ?? [],
      ending: { failure, cleanup, durationMs },
    });
    return { ...report, timeToDualStackMs: report.families.length === 2 ? timeToDualStackMs : null };
  }

  #facts(): ReportFacts {
    const { runId, startedAt, file, loaded, version } = this.#known;
    const { scenario, problems, sha256 } = loaded;
    return {
      runId,
      version,
      startedAt: startedAt.toISOString(),
      scenario: { name: scenario?.name ?? file, file, sha256 },
      provider: null,
      distribution: scenario?.distribution ?? null,
      families: scenario?.network.families.map(familyWord) ?? [],
      host: null,
      image: null,
      nodes: [],
      setupMs: null,
      plannedChecks: [],
      expect: loaded.expect ?? 'passed',
      brokenRules: problems.filter(({ severity }) => severity === 'error').map(({ rule }) => rule),
      ending: null,
    };
  }
}

function lintFailure({ problems }: LoadedScenario): Failure | null {
  const errors = problems.filter(({ severity }) => severity === 'error');
  return {
    class: 'usage',
    step: 'lint',
    message: errors.map(formatProblem).join('\n'),
    hint: 'Change the scenario file as its messages say; `lint` looks at it alone.',
  };
}

function preparationFailure(error: unknown, context: CommandContext): Failure {
  if (context.interrupted.aborted) {
    return {
      class: 'interrupted',
      step: 'preflight',
      message: 'interrupted before anything was created',
      hint: null,
    };
  }
  if (error instanceof FailureError) return error.failure;
  throw error;
}

/** A refusal's message and way out, on the screen. */
export function tellFailure(context: CommandContext, { message, hint }: Failure): void {
  context.stderr.write(`${message}\n${hint === null ? '' : `${hint}\n`}`);
}
