import { dirname, join, resolve } from 'node:path';
import { providerNamed, type CommandContext, type Workbench } from './command-context.ts';
import { unstartableTests, withOwnTests } from './own-tests.ts';
import type { HostReadiness, NeededImage, prepareHost } from './prepare-host.ts';
import { hostNeedsOf, planHostOf, warningsOf } from './host-needs.ts';
import { installedManifest } from './installed-manifest.ts';
import { planParts } from './plan-parts.ts';
import { findCachedNodeImage } from '../images/cache/cached-images.ts';
import { cgroupVersionOf } from '../host/cgroup-settings.ts';
import { ensureNodeImage } from '../images/ensure-node-image.ts';
import { imageForHost, imageFormatOf } from '../images/image-for-host.ts';
import { publishedKindImage } from '../images/foreign-image.ts';
import { CAPABILITIES } from '../scenario/provider-capabilities.ts';
import { hashOwnBinaries } from '../images/sources/own-binaries.ts';
import { HostOwnTests } from '../own-tests/host-own-tests.ts';
import { packageVersion } from '../package-root.ts';
import { fetchRelease } from './distribution-release.ts';
import { reportImage } from './report-image.ts';
import { assembleReport, NOTHING_TO_CLEAN, type ReportFacts } from '../report/assemble-report.ts';
import { ReportWriter } from '../report/write-report.ts';
import { FailureError, type Failure } from '../run/failure.ts';
import { bugFailure, newRunId } from '../run/run-identity.ts';
import type { ScenarioRunResult } from '../run/run-scenario.ts';
import { overridesOf, repeatArguments, type RunOptions } from './run-options.ts';
import { tellFailure } from './tell-failure.ts';
import { InterruptedError } from '../run/interrupted-error.ts';
import { judgeLint } from '../scenario/judge-lint.ts';
import { kubernetesVersionOf } from '../scenario/kubernetes-version.ts';
import { loadScenario, type LoadedScenario } from '../scenario/load-scenario.ts';
import { formatProblem } from '../scenario/problem.ts';
import { chooseRenderer } from '../ui/choose-renderer.ts';
import { familyWord } from '../checks/planned-check.ts';
import { ensureOwnImage, type OwnImage } from '../images/own-image.ts';
import { readScenarioFiles, type ScenarioFiles } from './scenario-files.ts';
import type { HostNeeds } from '../host/findings/host-state.ts';
import type { NodeImage, NodeImageSpec } from '../images/node-image.ts';
import type { Renderer } from '../ui/renderer.ts';
import type { RunEvent } from '../run/event.ts';
import type { RunImage } from '../run/scenario-run.ts';
import type { Report } from '../report/report.ts';
import { addressValue } from '../plan/plan.ts';
import type { InstalledManifest } from '../cni/manifest-cni.ts';
import type { ProviderDecision } from '../scenario/choose-provider.ts';
import type { Scenario } from '../scenario/scenario.ts';

const BUILD_TIMEOUT_MS = 60 * 60_000;

/**
 * The node image of a scenario on this machine, but for programs of the user's own.
 * @throws {FailureError} of class `preflight` on a machine that no node images are made for.
 */
export function imageSpecOf(scenario: Scenario): NodeImageSpec {
  const image = imageForHost(kubernetesVersionOf(scenario.distribution.version));
  return { ...image, format: imageFormatOf(scenario.provider) };
}

/** The node image of a run. @throws {FailureError} of class `usage` for a program of the user's own that can't be read. */
async function fullImageSpec(
  scenario: Scenario,
  file: string,
  source: NonNullable<NodeImageSpec['source']>,
  signal: AbortSignal,
): Promise<NodeImageSpec> {
  const own = Object.entries(scenario.binaries).map(([program, path]) => [
    program,
    resolve(dirname(file), path),
  ]);
  const binaries = await hashOwnBinaries(Object.fromEntries(own) as Record<string, string>, signal);
  return { ...imageSpecOf(scenario), source, binaries };
}

/** What a run shares with the others of its call. */
export interface RunSurroundings {
  /** How the provider of a scenario for `auto` was found; null for one that names it. */
  readonly decision: ProviderDecision | null;
  /** Shows this run among others; null for a screen of its own. */
  readonly renderer: Renderer | null;
  /** Makes the host ready, or rejects with the reason why this run must not begin. */
  prepareHost(image: NeededImage, needs: HostNeeds): ReturnType<typeof prepareHost>;
  /** Hears every event of the run. */
  onEvent(event: RunEvent): void;
}

/** Loads, prepares, runs and reports one scenario. The report's exit code is the run's. */
export async function runOne(
  file: string,
  options: RunOptions,
  context: CommandContext,
  workbench: Workbench,
  surroundings: RunSurroundings,
): Promise<Report> {
  const runId = newRunId();
  const startedAt = new Date();
  const loaded = await loadScenario(file, { overrides: overridesOf(options) });
  for (const problem of loaded.problems) context.stderr.write(`${formatProblem(problem)}\n`);
  const reportDir = resolve(options.reportDir ?? join(await workbench.store.makeDirectory(runId), 'report'));
  const secrets = new Set<string>();
  const writer = await ReportWriter.create(reportDir, { redact: secrets });
  const version = await packageVersion();
  const repeat = repeatArguments([file], options);
  const attempt = new RunAttempt({
    runId,
    startedAt,
    file,
    loaded,
    version,
    repeat,
    decision: surroundings.decision,
  });
  if (judgeLint(loaded).outcome !== 'accepted' || loaded.scenario === null) {
    const report = attempt.refused(lintFailure(loaded));
    if (report.exitCode === 0) context.stderr.write(`${file}: refused, as it expects to be\n`);
    return writer.write(report);
  }
  const scenario = withOwnTests(loaded.scenario, file, options.command ?? null);
  const unstartable = await unstartableTests(scenario, loaded, context.callerPath);
  if (unstartable.length > 0) {
    context.stderr.write(unstartable.map((line) => `${line}\n`).join(''));
    return writer.write(attempt.refused(testsFailure(unstartable)));
  }
  context.stderr.write(`${headline(scenario, surroundings.decision)}\n`);
  let readiness: Awaited<ReturnType<typeof prepareHost>>;
  let files: ScenarioFiles;
  let installed: InstalledManifest | null;
  let imageSpec: NodeImageSpec;
  try {
    const source = { scenario, file, locate: loaded.locate };
    const places = { cacheDir: workbench.directories.cache, environment: context.env };
    files = await readScenarioFiles(source, places, context.interrupted);
    const helm = { runner: workbench.runner, searchPath: context.callerPath };
    installed = await installedManifest(source, loaded, helm, context.interrupted);
    imageSpec = await fullImageSpec(scenario, file, options.imageSource ?? 'auto', context.interrupted);
    const image = { ...imageSpec, own: files.image !== null };
    readiness = await surroundings.prepareHost(image, hostNeedsOf(scenario));
    const release = await fetchRelease(scenario, workbench, context);
    if (release !== null)
      files = { ...files, binary: release.binary, archives: [...release.archives, ...files.archives] };
  } catch (error) {
    const failure = preparationFailure(error, context);
    if (failure.class === 'bug') await writer.writeStackTrace(error);
    tellFailure(context, failure);
    const reason: unknown = context.interrupted.reason;
    return writer.write(attempt.refused(failure, reason instanceof InterruptedError ? reason.signal : null));
  }
  // With it comes the Kubernetes client, which takes longer to load than all before it.
  const { ScenarioRunner } = await import('../run/run-scenario.ts');
  const setupMs = Date.now() - startedAt.getTime();
  const own = { ...context, json: options.json === true, quiet: false, parallel: false };
  const renderer = surroundings.renderer ?? chooseRenderer(own);
  const runner = new ScenarioRunner({
    runId,
    scenario,
    file,
    sha256: loaded.sha256,
    version,
    provider: providerNamed(scenario.provider, workbench),
    parts: {
      ...(await planParts(scenario, loaded.manifests, planHostOf(readiness), installed)),
      archives: files.archives,
      binary: files.binary,
      snaps: files.snaps,
    },
    store: workbench.store,
    stateDirectory: workbench.directories.state,
    reportDir,
    keep: options.keep ?? 'never',
    ownTests: new HostOwnTests({
      runId,
      env: { ...context.env, PATH: context.callerPath },
      kubeconfigFile: workbench.store.kubeconfigFile(runId),
      reportDir,
      abandoned: context.abandoned,
      secrets,
    }),
    warnings: warningsOf(readiness),
    sinks: [
      (event) => renderer.handle(event),
      (event) => writer.append(event),
      (event) => surroundings.onEvent(event),
    ],
    image: await runImage(scenario, imageSpec, files.image, workbench, context),
    interrupted: context.interrupted,
    abandoned: context.abandoned,
    onSecret: (secret) => secrets.add(secret),
  });
  try {
    const result = await runner.execute();
    if (result.defect !== null) await writer.writeStackTrace(result.defect);
    const report = attempt.report(result, readiness, setupMs, files);
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
    if (surroundings.renderer === null) await renderer.close();
  }
}

async function runImage(
  scenario: Scenario,
  spec: NodeImageSpec,
  image: ScenarioFiles['image'],
  workbench: Workbench,
  { env }: CommandContext,
): Promise<RunImage> {
  if (image?.kind === 'foreign') return image;
  const { makes, ownNetwork } = CAPABILITIES[scenario.provider];
  // Its nodes pull what they run; and programs of the user's own, or those of another network, are in no image of others.
  const mayBePublished =
    makes === 'clusters' &&
    scenario.cni.name === ownNetwork &&
    image === null &&
    scenario.egress === 'open' &&
    (spec.binaries ?? []).length === 0;
  const published = mayBePublished
    ? {
        image: await publishedKindImage(spec.kubernetesVersion, env),
        isOursCached: async () => (await findCachedNodeImage(spec, workbench.directories.cache)) !== null,
      }
    : null;
  return { kind: 'node', published, prepare: (call) => prepareImage(spec, image, workbench, call) };
}

/** The scenario's own image, else one of the cache, else one that is built now. */
async function prepareImage(
  spec: NodeImageSpec,
  own: OwnImage | null,
  { directories, runner, rootPlace }: Workbench,
  { signal, onProgress }: Parameters<Extract<RunImage, { kind: 'node' }>['prepare']>[0],
): Promise<NodeImage> {
  const build = { cacheDir: directories.cache, runner, signal, timeoutMs: BUILD_TIMEOUT_MS };
  if (own === null) {
    const cached = await findCachedNodeImage(spec, directories.cache);
    return cached ?? (await ensureNodeImage(spec, { ...build, rootPlace, onProgress }));
  }
  const started = performance.now();
  const report = (step: string): void =>
    onProgress({ step, done: 0, total: 1, elapsedMs: performance.now() - started });
  return await ensureOwnImage(own, spec.architecture, {
    ...build,
    deadline: started + BUILD_TIMEOUT_MS,
    report,
  });
}

/** What is about to be made, told before the engine is even asked. */
function headline(
  { name, distribution, provider, nodes, network }: Scenario,
  decision: ProviderDecision | null,
): string {
  const where = decision?.chosen === null ? 'auto' : provider;
  const count = nodes.controlPlanes + nodes.workers;
  const size = count === 1 ? '1 node' : `${count} nodes`;
  return `${name}: ${distribution.name} ${distribution.version} on ${where}, ${size}, ${network.families.join(' + ')}`;
}

/** What is known of one run, folded into its report whichever way it ends. */
class RunAttempt {
  readonly #known: {
    readonly runId: string;
    readonly startedAt: Date;
    readonly file: string;
    readonly loaded: LoadedScenario;
    readonly version: string;
    readonly repeat: readonly string[];
    readonly decision: ProviderDecision | null;
  };

  constructor(known: {
    readonly runId: string;
    readonly startedAt: Date;
    readonly file: string;
    readonly loaded: LoadedScenario;
    readonly version: string;
    readonly repeat: readonly string[];
    readonly decision: ProviderDecision | null;
  }) {
    this.#known = known;
  }

  /** Nothing was created: the scenario, the host or the user's signal did not allow it. */
  refused(failure: Failure | null, signal: InterruptedError['signal'] | null = null): Report {
    const { runId, startedAt } = this.#known;
    const durationMs = Date.now() - startedAt.getTime();
    const at = new Date().toISOString();
    return assembleReport(signal === null ? [] : [{ type: 'interrupted', at, runId, signal }], {
      ...this.#facts(),
      ending: { failure, cleanup: NOTHING_TO_CLEAN, durationMs },
    });
  }

  report(result: ScenarioRunResult, readiness: HostReadiness, setupMs: number, files: ScenarioFiles): Report {
    const { events, plan, podCIDRs, failure, cleanup, durationMs, timeToDualStackMs } = result;
    const { facts, engine } = readiness;
    const { loaded } = this.#known;
    const started =
      plan !== null && events.some((event) => event.type === 'phase-started' && event.phase === 'launch');
    const known = this.#facts();
    const nodeRanges = started ? plan.allocation.ranges.map(({ cidr }) => cidr) : [];
    const report = assembleReport(events, {
      ...known,
      ranges: known.ranges === null ? null : { ...known.ranges, nodes: nodeRanges },
      provider: { name: result.provider, version: engine?.version ?? '' },
      host: {
        cgroupVersion: cgroupVersionOf(facts.cgroup),
        storageDriver: result.storageDriver ?? engine?.storageDriver ?? null,
        engine: engine?.engine ?? '',
      },
      image: reportImage(result, files, loaded.scenario?.workloads.includes('nginxdualstack') ?? false),
      nodes: (started ? plan.nodes : []).map((node) => ({
        name: node.name,
        role: node.role,
        // An address that the engine gives is not known before the node is.
        addresses: node.addresses.flatMap(({ family, address }) =>
          address.startsWith('{{') ? (podCIDRs.get(addressValue(node.name, family)) ?? []) : address,
        ),
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
    const { runId, startedAt, file, loaded, version, repeat, decision } = this.#known;
    const { scenario, problems, sha256 } = loaded;
    return {
      runId,
      version,
      startedAt: startedAt.toISOString(),
      scenario: { name: scenario?.name ?? file, file, sha256 },
      provider: null,
      providerChoice: decision,
      distribution: scenario?.distribution ?? null,
      families: scenario?.network.families.map(familyWord) ?? [],
      ranges:
        scenario === null
          ? null
          : { pods: scenario.network.pods, services: scenario.network.services, nodes: [] },
      repeat,
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

function testsFailure(lines: readonly string[]): Failure {
  return {
    class: 'usage',
    step: 'tests',
    message: lines.join('\n'),
    hint: 'Nothing was touched. Programs are looked for in PATH, or from the folder that the test runs in.',
  };
}

function preparationFailure(error: unknown, context: CommandContext): Failure {
  if (error instanceof FailureError && error.failure.class === 'interrupted') return error.failure;
  if (context.interrupted.aborted) {
    return {
      class: 'interrupted',
      step: 'preflight',
      message: 'interrupted before anything was created',
      hint: null,
    };
  }
  if (error instanceof FailureError) return error.failure;
  return bugFailure('preflight', error instanceof Error ? error : new Error(String(error)));
}
