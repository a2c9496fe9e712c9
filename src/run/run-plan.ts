import { setMaxListeners } from 'node:events';
import { judgeOwnTest, noticesOfOwnTest } from '../checks/own-test.ts';
import { holdDialogue } from './hold-dialogue.ts';
import { familyWord, type PlannedCheck } from '../checks/planned-check.ts';
import { runCheck } from '../checks/run-check.ts';
import { waitForCondition } from '../kubernetes/cluster-conditions.ts';
import { ClusterClient } from '../kubernetes/cluster-client.ts';
import { runObjectName } from '../plan/assemble-plan.ts';
import { renderTemplate } from '../plan/render-template.ts';
import { CommandError } from '../process/command-runner.ts';
import type { Failure } from './failure.ts';
import { isSecretName } from './secret-values.ts';
import { stepInfo, StepTracker } from './step-tracker.ts';
import { describeError, failureOf, hopelessFailure, outputOf, requireVersion } from './step-failure.ts';
import { waitUntil, type Look } from './wait-until.ts';
import type { CheckResult } from '../checks/check.ts';
import type { Action, Plan, Step } from '../plan/plan.ts';
import type { OwnTests } from '../own-tests/own-test.ts';
import type { CallOptions, Owner, Provider, ResourceSpec } from '../providers/provider.ts';
import type { ResourceRef } from './event.ts';
import type { Journal } from './journal.ts';
import type { RunEvents } from './run-events.ts';

/** Everything that executing a plan touches, as interfaces. */
export interface RunPlanContext {
  readonly provider: Provider;
  readonly owner: Owner;
  readonly journal: Journal;
  readonly events: RunEvents;
  /** Values that texts of the plan ask for; captured ones are added. `secret.*` never reach an event. */
  readonly values: Map<string, string>;
  readonly signal: AbortSignal;
  /** Runs the plan's tests of the user's own. */
  readonly ownTests: OwnTests;
  /** Called with each secret that a program gave, before anything else is told. */
  onSecret(secret: string): void;
  /** Called once with the cluster's kubeconfig, which is a secret. */
  onKubeconfig(kubeconfig: string): Promise<void>;
}

/** What came of a plan. A failed check is no failure of the plan: it is in the results. */
export interface PlanResult {
  readonly failure: Failure | null;
  /** What the failed program printed, by step; for the diagnostics. */
  readonly failedOutput: { readonly step: string; readonly output: string } | null;
  readonly checks: readonly CheckResult[];
  /** Milliseconds from the start of phase `launch` to the last family's first ClusterIP answer on a node; null if not reached. */
  readonly timeToDualStackMs: number | null;
}

const ENGINE_TIMEOUT_MS = 60_000;
const RETRY_MS = 50;

/** What a creation brings about: a cluster is its nodes, besides. */
function madeBy(resource: ResourceSpec): readonly ResourceRef[] {
  const { kind, name } = resource;
  const nodes = resource.kind === 'cluster' ? resource.nodes : [];
  return [{ kind, name }, ...nodes.map((node) => ({ kind: 'instance', name: node.name }))];
}

/**
 * Runs a plan's steps, each as soon as the steps that it needs are done. The first failure aborts what still runs; nothing is left
 * running when this resolves. Rejects only when `signal` was aborted from outside, with its reason.
 */
export async function runPlan(plan: Plan, context: RunPlanContext): Promise<PlanResult> {
  const failing = new AbortController();
  const signal = AbortSignal.any([context.signal, failing.signal]);
  // Each step that runs listens to it; there is no bound but the plan's own.
  setMaxListeners(0, signal, context.signal);
  const execution = new PlanExecution(plan, { ...context, signal });
  const tracker = new StepTracker(plan.steps, context.events);
  const started = performance.now();
  const settled = new Map<string, Promise<void>>();
  let first: { step: Step; error: unknown } | null = null;

  const runStep = async (step: Step): Promise<void> => {
    await Promise.all(
      step.needs.map((id) => {
        const need = settled.get(id);
        if (need === undefined)
          throw new Error(`step ${step.id} needs ${id}, which no earlier step of the plan is`);
        return need;
      }),
    );
    signal.throwIfAborted();
    tracker.started(step);
    try {
      for (const action of step.actions) await execution.run(action, step);
      tracker.finished(step, 'passed', null);
    } catch (error) {
      first ??= { step, error };
      failing.abort(error);
      tracker.finished(step, 'failed', first.step === step ? describeError(error) : 'stopped');
      throw error;
    }
  };
  for (const step of plan.steps) settled.set(step.id, runStep(step));
  const ends = await Promise.allSettled(settled.values());
  tracker.close();
  context.signal.throwIfAborted();
  // A plan that contradicts itself: no step failed, and yet not all were run.
  const broken = ends.find((end) => end.status === 'rejected');
  if (first === null && broken !== undefined) throw broken.reason;
  const failed = first as { step: Step; error: unknown } | null;
  const answered = execution.answeredAt(plan);
  return {
    failure: failed === null ? null : failureOf(failed.step, failed.error, execution.adviceOn(failed.error)),
    failedOutput: failed === null ? null : outputOf(failed.step, failed.error),
    checks: execution.checks,
    timeToDualStackMs: answered === null ? null : Math.round(answered - started),
  };
}

/** Performs actions; holds what they found out. */
class PlanExecution {
  readonly checks: CheckResult[] = [];
  readonly #plan: Plan;
  readonly #context: RunPlanContext;
  readonly #passedAt = new Map<string, number>();
  readonly #warned = new Set<string>();
  #cluster: ClusterClient | null = null;
  readonly #advice = new WeakMap<Error, string>();

  constructor(plan: Plan, context: RunPlanContext) {
    this.#plan = plan;
    this.#context = context;
  }

  /** When the last of the families' ClusterIPs first answered a node, on `performance.now()`'s scale; null if one did not. */
  answeredAt(plan: Plan): number | null {
    const times = plan.scenario.network.families.map((family) => {
      const answers = plan.checks.flatMap((check) => {
        const fromNode =
          (check.type === 'service-http' || check.type === 'service-port') && check.from.kind === 'node';
        return fromNode && check.family === family ? (this.#passedAt.get(check.id) ?? []) : [];
      });
      return answers.length === 0 ? undefined : Math.min(...answers);
    });
    const known = times.filter((time) => time !== undefined);
    return known.length === times.length && known.length > 0 ? Math.max(...known) : null;
  }

  /** What to do next, where the action that failed knows better than its error. */
  adviceOn(error: unknown): string | null {
    return error instanceof Error ? (this.#advice.get(error) ?? null) : null;
  }

  async run(action: Action, step: Step): Promise<void> {
    const { provider, owner, journal, events, values, signal } = this.#context;
    const call: CallOptions = { timeoutMs: ENGINE_TIMEOUT_MS, signal };
    switch (action.kind) {
      case 'create':
        for (const ref of madeBy(action.resource)) journal.creating(ref);
        return provider.create(action.resource, owner, {
          timeoutMs: action.timeoutMs ?? ENGINE_TIMEOUT_MS,
          signal,
          onProgress: (text) =>
            events.emit({ type: 'step-progress', step: stepInfo(step), text, done: null, total: null }),
        });
      case 'start':
        return provider.start(action.node, call);
      case 'write-files': {
        const files = action.files.map((file) => ({ ...file, content: this.#render(file.content) }));
        return provider.node(action.node).writeFiles(files, call);
      }
      case 'exec':
        try {
          return await this.#exec(action, step);
        } catch (error) {
          // What is stopped by another's failure ends with that same error, whose advice it is none of.
          const own = error instanceof Error && !signal.aborted;
          if (own && action.hint !== undefined) this.#advice.set(error, action.hint);
          throw error;
        }
      case 'connect':
        return this.#connect(action, step);
      case 'wait': {
        const options = { timeoutMs: action.timeoutMs, signal };
        const found = await waitForCondition(this.#requireCluster(), action.condition, options);
        for (const [name, value] of found) values.set(name, value);
        return;
      }
      case 'apply':
        return this.#apply(action);
      case 'dialogue':
        return holdDialogue(action, step, this.#context, (text) => this.#render(text));
      case 'check': {
        const { check } = action;
        const node = (name: string): ReturnType<Provider['node']> => provider.node(name);
        const result =
          check.type === 'own-test'
            ? await this.#ownTest(check, step)
            : await runCheck(check, { cluster: this.#requireCluster(), node, signal });
        if (result.outcome === 'passed') this.#passedAt.set(result.id, performance.now());
        this.checks.push(result);
        events.emit({ type: 'check-finished', check: result });
        signal.throwIfAborted();
      }
    }
  }

  async #ownTest(check: Extract<PlannedCheck, { type: 'own-test' }>, step: Step): Promise<CheckResult> {
    const { events, signal, ownTests } = this.#context;
    const { nodes, scenario } = this.#plan;
    const info = stepInfo(step);
    const surroundings = {
      nodes: nodes.map(({ name }) => name),
      families: scenario.network.families.map(familyWord),
    };
    const end = await ownTests.run(check, surroundings, {
      signal,
      onLine: (text) => events.emit({ type: 'test-output', step: info, text }),
    });
    for (const message of noticesOfOwnTest(check, end)) {
      events.emit({ type: 'notice', level: 'warning', message });
    }
    return judgeOwnTest(check, end);
  }

  async #apply(action: Extract<Action, { kind: 'apply' }>): Promise<void> {
    const { events, signal } = this.#context;
    const { name, manifest, sha256, timeoutMs } = action;
    const text = sha256 === undefined ? this.#render(manifest) : manifest;
    await this.#requireCluster().apply(text, { timeoutMs, signal });
    if (sha256 === undefined) return;
    events.emit({ type: 'notice', level: 'info', message: `${name} (sha256 ${sha256}) was applied` });
  }

  async #exec(action: Extract<Action, { kind: 'exec' }>, step: Step): Promise<void> {
    const { provider, values, events, signal, onSecret } = this.#context;
    const node = provider.node(action.node);
    const args = action.args.map((arg) => this.#render(arg));
    const info = stepInfo(step);
    const isSecret = action.capture !== undefined && isSecretName(action.capture);
    const attempt = (timeoutMs: number): ReturnType<typeof node.run> =>
      node.run(action.file, args, {
        timeoutMs,
        signal,
        ...(action.input === undefined ? {} : { inputFile: action.input.file }),
        // What prints a secret is not told while it does.
        ...(isSecret
          ? {}
          : {
              onLine: (text: string) =>
                events.emit({ type: 'step-progress', step: info, text, done: null, total: null }),
            }),
      });
    if (action.retryUntil === undefined) {
      const { stdout } = await attempt(action.timeoutMs);
      const { warnWhen } = action;
      if (warnWhen !== undefined && stdout.includes(warnWhen.text)) this.#warnOnce(warnWhen.warning);
      if (action.capture !== undefined) {
        const value = stdout.trim();
        if (isSecret) onSecret(value);
        values.set(action.capture, value);
      }
      return;
    }
    await waitUntil(
      async (_attempt, attemptSignal): Promise<Look<null>> => {
        try {
          await node.run(action.file, args, { timeoutMs: action.timeoutMs, signal: attemptSignal });
          return { met: true, value: null };
        } catch (error) {
          if (!(error instanceof CommandError) || error.kind !== 'exit') throw error;
          if (error.exitCode === action.giveUpStatus) throw hopelessFailure(step, action, error);
          return { met: false, missing: error.lastLines(1).join('') || error.message };
        }
      },
      { condition: action.retryUntil, timeoutMs: action.timeoutMs, intervalMs: RETRY_MS, signal },
    );
  }

  /** Each node may give the same reason. */
  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#context.events.emit({ type: 'notice', level: 'warning', message });
  }

  async #connect(action: Extract<Action, { kind: 'connect' }>, step: Step): Promise<void> {
    const { values, signal, onKubeconfig } = this.#context;
    const { timeoutMs } = action;
    const kubeconfig = await this.#kubeconfig(action);
    const cluster = new ClusterClient(kubeconfig);
    values.set('caCertHash', cluster.caCertHash());
    await onKubeconfig(kubeconfig);
    const version = await cluster.waitForApi({ timeoutMs, signal });
    requireVersion(version, action, step);
    values.set('kubernetesVersion', version);
    this.#cluster = cluster;
  }

  async #kubeconfig({
    node: name,
    command,
    timeoutMs,
  }: Extract<Action, { kind: 'connect' }>): Promise<string> {
    const { provider, signal } = this.#context;
    if (command === null)
      return provider.kubeconfig(runObjectName(this.#plan.allocation.runId), { timeoutMs, signal });
    const node = provider.node(name);
    const [file, ...args] = command;
    return waitUntil(
      async (_attempt, attemptSignal): Promise<Look<string>> => {
        const options = { timeoutMs, signal: attemptSignal, accept: [0, 1] };
        const { exitCode, stdout, stderr } = await node.run(file, args, options);
        if (exitCode === 0 && stdout.includes('client-key-data')) return { met: true, value: stdout };
        const said = stderr.trim().split('\n').at(-1) ?? '';
        return { met: false, missing: said === '' ? `${file} prints none` : said };
      },
      { condition: `${name} has a kubeconfig`, timeoutMs, intervalMs: RETRY_MS * 4, signal },
    );
  }

  #render(text: string): string {
    return renderTemplate(text, this.#context.values);
  }

  #requireCluster(): ClusterClient {
    if (this.#cluster === null)
      throw new Error(`plan ${this.#plan.allocation.runId} uses the cluster before it connects`);
    return this.#cluster;
  }
}
