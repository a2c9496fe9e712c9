import { customAlphabet } from 'nanoid';
import { removeRun } from './remove-run.ts';
import { runPlan, type PlanResult } from './run-plan.ts';
import type { PhaseName } from './event.ts';
import type { RunEvents } from './run-events.ts';
import type { ScenarioRun } from './scenario-run.ts';
import type { Plan } from '../plan/plan.ts';
import type { Owner } from '../providers/provider.ts';

/** What a plan is carried out with. */
export interface PlanAttempts {
  readonly run: ScenarioRun;
  readonly owner: Owner;
  readonly events: RunEvents;
  /** What the last attempt found out; `secret.*` are secrets. */
  readonly values: Map<string, string>;
  readonly signal: AbortSignal;
  /** Keeps what a failed attempt left to see, before its nodes are removed. */
  diagnose(result: PlanResult, attempt: number): Promise<void>;
}

/** In these the cluster is made; what fails later is about a cluster that is there. */
const MAKING: readonly PhaseName[] = ['launch', 'bootstrap', 'network', 'join'];
const REMOVAL_TIMEOUT_MS = 120_000;

/** A token for `kubeadm join`, in kubeadm's form `[a-z0-9]{6}.[a-z0-9]{16}`. */
function newBootstrapToken(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return `${customAlphabet(letters, 6)()}.${customAlphabet(letters, 16)()}`;
}

/** The private keys in a kubeconfig, as it writes them: whoever prints the file must not publish them. */
function clientKeys(kubeconfig: string): string[] {
  return [...kubeconfig.matchAll(/client-key-data: *([A-Za-z0-9+/=]+)/g)].flatMap(([, key]) => key ?? []);
}

/**
 * Carries a plan out, and again as often as the scenario allows when the cluster could not be made. Each time with new nodes: a
 * bootstrap that failed leaves half of a datastore behind, and is not what is tested.
 */
export async function carryOutPlan(plan: Plan, attempts: PlanAttempts): Promise<PlanResult> {
  const { run, events, values, signal } = attempts;
  const most = run.scenario.retries + 1;
  for (let attempt = 1; ; attempt++) {
    const started = performance.now();
    const result = await attemptPlan(plan, attempts);
    const { failure } = result;
    const phase = plan.steps.find(({ id }) => id === failure?.step)?.phase;
    const isMaking = phase !== undefined && MAKING.includes(phase);
    if (failure?.class !== 'infrastructure' || !isMaking || attempt === most) return result;
    await attempts.diagnose(result, attempt);
    signal.throwIfAborted();
    const removal = { timeoutMs: REMOVAL_TIMEOUT_MS, signal };
    const { outcome } = await removeRun(run.provider, run.runId, run.store.journalOf(run.runId), removal);
    signal.throwIfAborted();
    // The clean-up at the end tells what can't be removed.
    if (outcome !== 'complete') return result;
    const durationMs = Math.round(performance.now() - started);
    events.emit({ type: 'attempt-failed', attempt, of: most, failure, durationMs });
    const [line = ''] = failure.message.split('\n');
    const message = `attempt ${attempt} of ${most} failed and is made anew with new nodes: ${line}`;
    events.emit({ type: 'notice', level: 'warning', message });
    values.clear();
  }
}

async function attemptPlan(plan: Plan, attempts: PlanAttempts): Promise<PlanResult> {
  const { run, owner, events, values, signal } = attempts;
  const { provider, store, runId, ownTests } = run;
  const token = newBootstrapToken();
  run.onSecret(token);
  values.set('secret.bootstrapToken', token);
  return await runPlan(plan, {
    provider,
    owner,
    journal: store.journalOf(runId),
    events,
    values,
    signal,
    ownTests,
    onSecret: (secret) => run.onSecret(secret),
    onKubeconfig: async (kubeconfig) => {
      for (const key of clientKeys(kubeconfig)) run.onSecret(key);
      await store.writeKubeconfig(runId, kubeconfig);
    },
  });
}
