import { join } from 'node:path';
import { allocateRanges } from './allocate-ranges.ts';
import { imageSteps, prepareEngineImage } from './image-phase.ts';
import { collectDiagnostics } from './collect-diagnostics.ts';
import { FailureError, type Failure } from './failure.ts';
import { bugFailure } from './run-identity.ts';
import { InterruptedError } from './interrupted-error.ts';
import { takeLease } from './lease.ts';
import { removeRun } from './remove-run.ts';
import { RunEvents } from './run-events.ts';
import { carryOutPlan } from './carry-out-plan.ts';
import type { PlanResult } from './run-plan.ts';
import type { ScenarioRun } from './scenario-run.ts';
import { secretValues } from './secret-values.ts';
import { stepInfo, StepTracker } from './step-tracker.ts';
import { assemblePlan } from '../plan/assemble-plan.ts';
import { sampleInputs } from '../plan/sample-inputs.ts';
import { familyWord } from '../checks/planned-check.ts';
import type { CleanupResult, RunEvent, RunRequest, StepInfo } from './event.ts';
import type { RunRecord } from './run-store.ts';
import type { NodeImage } from '../images/node-image.ts';
import type { Plan } from '../plan/plan.ts';
import type { FoundForeignImage, Owner } from '../providers/provider.ts';
import type { ProviderName } from '../scenario/scenario.ts';

/** What a run came to, for its report. */
export interface ScenarioRunResult {
  readonly provider: ProviderName;
  readonly events: readonly RunEvent[];
  readonly plan: Plan | null;
  readonly image: NodeImage | null;
  /** What the nodes were made of where that was no node image; null also when it did not come to that. */
  readonly foreignImage: FoundForeignImage | null;
  /** Driver of the pool that held the nodes; null when it did not come to that. */
  readonly storageDriver: string | null;
  /** What we did not expect, behind a failure of class `bug`; else null. */
  readonly defect: unknown;
  readonly podCIDRs: ReadonlyMap<string, string>;
  readonly failure: Failure | null;
  readonly cleanup: CleanupResult;
  readonly timeToDualStackMs: number | null;
  readonly durationMs: number;
}

/** The run's own deadline, as the reason of an abort. */
class RunTimeoutError extends Error {
  override readonly name = 'RunTimeoutError';
}

const DIAGNOSTICS_FOLDER = 'diagnostics';
const CLEANUP_TIMEOUT_MS = 120_000;
const ENGINE_TIMEOUT_MS = 30_000;
const DIAGNOSTICS_TIMEOUT_MS = 30_000;
/** How much longer than the run's deadline its lease lasts: image build, clean-up and a machine under load. */
const LEASE_MARGIN_MS = 2 * 60 * 60_000;
/** A kept run is collectable when nobody came back for it for a week. */
const KEPT_LEASE_MS = 7 * 24 * 60 * 60_000;

function requestOf({ scenario, sha256, version }: ScenarioRun, outline: Plan): RunRequest {
  const { families, pods, services } = scenario.network;
  return {
    version,
    sha256,
    families: families.map(familyWord),
    pods,
    services,
    distribution: scenario.distribution,
    checks: outline.checks.map(({ id }) => id),
  };
}

const CLEANUP_STEP: StepInfo = {
  id: 'cleanup/remove',
  phase: 'cleanup',
  title: 'remove everything of this run',
};

/** The procedure of a run: image, ranges, plan, diagnostics, clean-up. Never rejects but for a bug. */
export class ScenarioRunner {
  readonly #run: ScenarioRun;
  readonly #events: RunEvents;
  readonly #values = new Map<string, string>();
  readonly #started = performance.now();
  #plan: Plan | null = null;
  #storageDriver: string | null = null;
  #defect: unknown = null;
  #image: NodeImage | null = null;
  #found: FoundForeignImage | null = null;

  constructor(run: ScenarioRun) {
    this.#run = run;
    this.#events = new RunEvents(run.runId, run.sinks);
  }

  async execute(): Promise<ScenarioRunResult> {
    const { runId, scenario, store, file, provider } = this.#run;
    const owner: Owner = { runId, lease: await takeLease(scenario.timeoutMs + LEASE_MARGIN_MS) };
    await store.create({
      schemaVersion: 1,
      runId,
      scenario: { name: scenario.name, file },
      provider: provider.name,
      lease: owner.lease,
      startedAt: new Date().toISOString(),
      state: 'running',
      ranges: [],
      nodes: [],
      reportDir: this.#run.reportDir,
    });
    const { image } = this.#run;
    const foreign = image.kind === 'foreign' ? image : null;
    const outline = assemblePlan({ scenario, ...sampleInputs(scenario, runId, foreign), ...this.#run.parts });
    const steps = [...imageSteps(image), ...outline.steps.map(stepInfo), CLEANUP_STEP];
    this.#events.emit({
      type: 'run-started',
      scenario: { name: scenario.name, file },
      steps,
      request: requestOf(this.#run, outline),
    });
    for (const message of this.#run.warnings)
      this.#events.emit({ type: 'notice', level: 'warning', message });
    let result: PlanResult = { failure: null, failedOutput: null, checks: [], timeToDualStackMs: null };
    try {
      result = await this.#perform(owner);
    } catch (error) {
      result = { ...result, failure: this.#failureOf(error), checks: [] };
    }
    const failed = result.failure !== null || result.checks.some(({ outcome }) => outcome === 'failed');
    if (failed && result.failure?.class !== 'interrupted') await this.#diagnose(result, DIAGNOSTICS_FOLDER);
    const cleanup = await this.#cleanUp(owner, failed, result.failure);
    // A signal during the clean-up of a run that passed: it did not end as the user let it begin.
    const { interrupted } = this.#run;
    if (result.failure === null && interrupted.aborted) {
      result = { ...result, failure: this.#failureOf(interrupted.reason) };
    }
    return {
      provider: provider.name,
      events: this.#events.all(),
      plan: this.#plan ?? outline,
      image: this.#image,
      foreignImage: this.#found,
      storageDriver: this.#storageDriver,
      defect: this.#defect,
      podCIDRs: this.#values,
      failure: result.failure,
      cleanup,
      timeToDualStackMs: result.timeToDualStackMs,
      durationMs: Math.round(performance.now() - this.#started),
    };
  }

  /** Tells the end, once the verdict is known, and before it what the verdict has to say. */
  finish(
    notices: readonly string[],
    event: Omit<Extract<RunEvent, { type: 'run-finished' }>, 'at' | 'runId' | 'type'>,
  ): void {
    const told = this.#events.all().flatMap((known) => (known.type === 'notice' ? [known.message] : []));
    for (const message of notices.filter((notice) => !told.includes(notice))) {
      this.#events.emit({ type: 'notice', level: 'info', message });
    }
    this.#events.emit({ type: 'run-finished', ...event });
  }

  async #perform(owner: Owner): Promise<PlanResult> {
    const { runId, scenario, provider, store, interrupted } = this.#run;
    const engineImage = await prepareEngineImage(this.#run, owner, this.#events, (image) => {
      this.#image = image;
    });
    this.#storageDriver = engineImage.storageDriver;
    this.#found = engineImage.found;
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      deadline.abort(new RunTimeoutError(`the run took longer than ${scenario.timeoutMs / 1000} s`));
    }, scenario.timeoutMs);
    const signal = AbortSignal.any([interrupted, deadline.signal]);
    try {
      const call = { timeoutMs: ENGINE_TIMEOUT_MS, signal };
      const ranges = await allocateRanges(this.#run, provider, store, call);
      const { planned: image } = engineImage;
      const plan = assemblePlan({ scenario, allocation: { runId, ranges }, image, ...this.#run.parts });
      this.#plan = plan;
      await this.#updateRecord({
        nodes: plan.nodes.map(({ name, shortName, role }) => ({ name, shortName, role })),
      });
      return await carryOutPlan(plan, {
        run: this.#run,
        owner,
        events: this.#events,
        values: this.#values,
        signal,
        diagnose: (result, attempt) => this.#diagnose(result, join(DIAGNOSTICS_FOLDER, `attempt-${attempt}`)),
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param folder in the report's. */
  async #diagnose(result: PlanResult, folder: string): Promise<void> {
    const signal = AbortSignal.any([this.#run.interrupted, AbortSignal.timeout(DIAGNOSTICS_TIMEOUT_MS)]);
    const nodes = this.#plan?.nodes.map(({ name }) => name) ?? [];
    const problems = await collectDiagnostics(
      this.#run.provider,
      nodes,
      { image: this.#run.image.kind, failedOutput: result.failedOutput },
      join(this.#run.reportDir, folder),
      secretValues(this.#values),
      {
        timeoutMs: DIAGNOSTICS_TIMEOUT_MS,
        signal,
      },
    );
    for (const message of problems) this.#events.emit({ type: 'notice', level: 'warning', message });
  }

  async #cleanUp(owner: Owner, failed: boolean, failure: Failure | null): Promise<CleanupResult> {
    const { provider, store, runId, keep, abandoned } = this.#run;
    const interrupted = failure?.class === 'interrupted' || this.#run.interrupted.aborted;
    const journal = store.journalOf(runId);
    if (
      !interrupted &&
      (keep === 'always' || (keep === 'on-failure' && failed)) &&
      journal.remaining().length > 0
    ) {
      return this.#keepResources(owner);
    }
    const tracker = new StepTracker([CLEANUP_STEP], this.#events);
    tracker.started(CLEANUP_STEP);
    const { errors, ...cleanup } = await removeRun(provider, runId, journal, {
      timeoutMs: CLEANUP_TIMEOUT_MS,
      signal: abandoned,
      onProgress: (text) =>
        this.#events.emit({ type: 'step-progress', step: CLEANUP_STEP, text, done: null, total: null }),
    });
    const complete = cleanup.outcome === 'complete';
    tracker.finished(CLEANUP_STEP, complete ? 'passed' : 'failed', complete ? null : errors.join('; '));
    await store.forgetSecrets(runId);
    if (complete) await this.#updateRecord({ state: 'finished' });
    return cleanup;
  }

  async #keepResources(owner: Owner): Promise<CleanupResult> {
    const { provider, store, runId } = this.#run;
    // No process owns a kept run; only the expiry ends its lease.
    const lease = {
      ...owner.lease,
      pid: 0,
      startTicks: 0,
      expiresAt: new Date(Date.now() + KEPT_LEASE_MS).toISOString(),
    };
    const call = { timeoutMs: ENGINE_TIMEOUT_MS, signal: this.#run.abandoned };
    // The record first: `gc` reads it before the labels, which are for a host that has lost the record.
    await this.#updateRecord({ state: 'kept', lease });
    for (const ref of store.journalOf(runId).remaining()) {
      await provider.relabel(ref, { runId, lease }, call).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        const message = `${ref.kind} ${ref.name} is kept, but its label could not say so: ${why}`;
        this.#events.emit({ type: 'notice', level: 'warning', message });
      });
    }
    return { outcome: 'kept', leaked: [] };
  }

  async #updateRecord(change: Partial<RunRecord>): Promise<void> {
    const { store, runId } = this.#run;
    await store.write({ ...(await store.find(runId)), ...change });
  }

  #failureOf(error: unknown): Failure {
    const step = this.#plan === null ? 'image' : 'run';
    if (error instanceof FailureError) return error.failure;
    if (error instanceof InterruptedError) {
      this.#events.emit({ type: 'interrupted', signal: error.signal });
      return { class: 'interrupted', step, message: error.message, hint: null };
    }
    if (error instanceof RunTimeoutError) {
      const hint = 'Give it more time with --timeout, or see diagnostics/ for what it was waiting for.';
      return { class: 'timeout', step, message: error.message, hint };
    }
    const cause = error instanceof Error ? error : new Error(String(error));
    // Such as an engine's client that fails, or a lock that another run does not give back.
    if (cause.name === 'CommandError' || cause.name === 'WaitTimeoutError')
      return { class: 'infrastructure', step, message: cause.message, hint: null };
    this.#defect = error;
    return bugFailure(step, cause);
  }
}
