import { createWorkbench, print, providerNamed, type CommandContext } from './command-context.ts';
import { withOwnTests } from './own-tests.ts';
import { readScenarioFiles, type ScenarioFiles } from './scenario-files.ts';
import { exitCodeOf } from '../report/exit-status.ts';
import { installedManifest } from './installed-manifest.ts';
import { tellFailure } from './tell-failure.ts';
import { sampleRelease } from './distribution-release.ts';
import { ObstacleFinder } from './obstacles.ts';
import { planParts } from './plan-parts.ts';
import { loadFor, resolveAuto } from './resolve-auto.ts';
import { overridesOf, type RunOptions } from './run-options.ts';
import { assemblePlan } from '../plan/assemble-plan.ts';
import { secretAnswers } from '../dialogue/dialogue.ts';
import { redact } from '../report/redact.ts';
import { renderPlan } from '../plan/render-plan.ts';
import { cgroupVersionOf } from '../host/cgroup-settings.ts';
import { modulesToLoad, readKernelModules } from '../host/kernel-modules.ts';
import { detectCgroup } from '../host/detect-cgroup.ts';
import { sampleInputs } from '../plan/sample-inputs.ts';
import { FailureError } from '../run/failure.ts';
import { describeDecision } from '../scenario/choose-provider.ts';
import { loadScenario, type LoadedScenario } from '../scenario/load-scenario.ts';
import { formatProblem } from '../scenario/problem.ts';
import type { InstalledManifest } from '../cni/manifest-cni.ts';

/** Stands for the run's id wherever a plan shows one. */
const SAMPLE_RUN_ID = 'sample';

/** Prints what `run` would do, step by step; needs no engine and changes nothing. @returns 0, 2 for a refused scenario, 3 for an image of another machine. */
export async function planCommand(
  file: string,
  options: RunOptions,
  context: CommandContext,
): Promise<number> {
  if (options.provider?.includes(',') === true) {
    context.stderr.write(`--provider: plan takes one, and not ${options.provider}\n`);
    return 2;
  }
  const loaded = await loadChosen(file, overridesOf(options), context);
  const { scenario: written, problems, manifests, locate } = loaded;
  for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
  if (written === null) return 2;
  const scenario = withOwnTests(written, file, options.command ?? null);
  const workbench = createWorkbench(context);
  const { directories, runner } = workbench;
  const provider = providerNamed(scenario.provider, workbench);
  let files: ScenarioFiles;
  let installed: InstalledManifest | null;
  try {
    const source = { scenario, file, locate };
    const surroundings = { cacheDir: directories.cache, environment: context.env };
    files = await readScenarioFiles(source, surroundings, context.interrupted);
    const renderer = { runner, searchPath: context.callerPath };
    installed = await installedManifest(source, loaded, renderer, context.interrupted);
  } catch (error) {
    context.interrupted.throwIfAborted();
    if (!(error instanceof FailureError)) throw error;
    tellFailure(context, error.failure);
    return exitCodeOf(error.failure.class);
  }
  const { snaps, image } = files;
  const release = sampleRelease(scenario);
  const archives = [...(release?.archives ?? []), ...files.archives];
  const binary = release?.binary ?? files.binary;
  const inputs = sampleInputs(scenario, SAMPLE_RUN_ID, image?.kind === 'foreign' ? image : null);
  const host = {
    cgroupVersion: cgroupVersionOf(await detectCgroup()),
    kernelModules: modulesToLoad((await readKernelModules()).snap),
    dropped: [],
  };
  const plan = assemblePlan({
    scenario,
    ...inputs,
    ...(await planParts(scenario, manifests, host, installed)),
    archives,
    snaps,
    binary,
  });
  const sample = { machineId: '<machine>', bootId: '<boot>', pid: 0, startTicks: 0, expiresAt: '<expiry>' };
  const lines = renderPlan(plan, provider, { runId: SAMPLE_RUN_ID, lease: sample });
  const secrets = plan.steps
    .flatMap(({ actions }) => actions)
    .flatMap((action) => (action.kind === 'dialogue' ? secretAnswers(action.dialogue.prompts) : []));
  print(context, options.json, redact(plan, secrets), lines);
  return 0;
}

/** The scenario; one that leaves its provider open as it is for the one that would be taken here, or the first that it is for. */
async function loadChosen(
  file: string,
  overrides: readonly string[],
  context: CommandContext,
): Promise<LoadedScenario> {
  const loaded = await loadScenario(file, { overrides });
  const finder = new ObstacleFinder(context, createWorkbench(context));
  const decision = await resolveAuto({ file, loaded, overrides }, finder, { maySetUp: true });
  if (decision === null) return loaded;
  context.stderr.write(`${file}: ${describeDecision(decision)}\n`);
  return decision.chosen === null ? loaded : loadFor(decision.chosen, { file, overrides });
}
