import { endProcesses, searchForRun } from '../own-tests/marked-processes.ts';
import { FailureError, type Failure } from '../run/failure.ts';
import { leaseState, type Lease } from '../run/lease.ts';
import { removeRun } from '../run/remove-run.ts';
import { providerNamed, type CommandContext, type Workbench } from './command-context.ts';
import type { ProviderName } from '../scenario/scenario.ts';
import type { OwnedResource } from '../providers/provider.ts';
import type { CleanupResult } from '../run/event.ts';
import type { RunRecord } from '../run/run-store.ts';

/** A run that something of is known here: its folder, its objects in the engine, or both. */
export interface OwnedRun {
  readonly runId: string;
  /** Whose engine has its objects. */
  readonly provider: ProviderName;
  readonly record: RunRecord | null;
  readonly resources: readonly OwnedResource[];
  readonly lease: Lease | null;
  /** `running`: its process is at work. `kept`: on purpose. `dead`: nobody will clean up after it. */
  readonly state: 'running' | 'kept' | 'dead';
  readonly reason: string;
  /** Why its engine could not be asked although the run's journal names objects in it; {@link resources} has none then. */
  readonly unreachable: Failure | null;
}

const NOTHING_LEFT = { outcome: 'complete', leaked: [], errors: [] } as const;
const LIST_TIMEOUT_MS = 20_000;
const REMOVAL_TIMEOUT_MS = 180_000;
/** For what the tests of a run that was killed left running. */
const TEST_GRACE_MS = 5000;

interface EngineInventory {
  readonly provider: ProviderName;
  readonly resources: readonly OwnedResource[];
  /** Why the engine could not be asked, which holds nothing of ours then, unless a journal says that it should. */
  readonly failure: Failure | null;
}

/**
 * Every run with something left of it, from labels and journals; either may be missing. A run that finished is not among them.
 * An engine that can't be reached hides only its own runs.
 */
export async function listOwnedRuns(
  context: CommandContext,
  { store, providers }: Workbench,
): Promise<OwnedRun[]> {
  const records = (await store.list()).filter(({ state }) => state !== 'finished');
  const call = { timeoutMs: LIST_TIMEOUT_MS, signal: context.interrupted };
  const inEngines = await Promise.all(
    [...providers.values()].map(async (provider): Promise<EngineInventory> => {
      try {
        await provider.info(call);
        return { provider: provider.name, resources: await provider.listOwned(call), failure: null };
      } catch (error) {
        if (!(error instanceof FailureError)) throw error;
        return { provider: provider.name, resources: [], failure: error.failure };
      }
    }),
  );
  const ids = new Set([
    ...records.map(({ runId }) => runId),
    ...inEngines.flatMap(({ resources }) => resources.map(({ runId }) => runId)),
  ]);
  return Promise.all(
    [...ids].map(async (runId): Promise<OwnedRun> => {
      const record = records.find((candidate) => candidate.runId === runId) ?? null;
      const has = ({ resources }: (typeof inEngines)[number]): boolean =>
        resources.some((resource) => resource.runId === runId);
      const provider = record?.provider ?? inEngines.find(has)?.provider ?? 'lxd';
      const engine = inEngines.find((candidate) => candidate.provider === provider);
      const mine = (engine?.resources ?? []).filter((resource) => resource.runId === runId);
      const hidden = store.journalOf(runId).remaining().length > 0;
      const unreachable = hidden ? (engine?.failure ?? null) : null;
      const lease = record?.lease ?? mine.find((resource) => resource.lease !== null)?.lease ?? null;
      const known =
        lease === null ? { alive: false, reason: 'its lease can not be read' } : await leaseState(lease);
      const kept = lease?.pid === 0;
      const state = !known.alive ? 'dead' : kept ? 'kept' : 'running';
      const reason = kept && known.alive ? `kept until ${lease.expiresAt}` : known.reason;
      return { runId, provider, record, resources: mine, lease, state, reason, unreachable };
    }),
  );
}

/** Removes one run by the same path as its own clean-up. */
export async function removeOwnedRun(
  run: Pick<OwnedRun, 'runId' | 'provider' | 'record' | 'resources'>,
  context: CommandContext,
  workbench: Workbench,
): Promise<CleanupResult & { readonly errors: readonly string[] }> {
  const { store } = workbench;
  const { left } = await endProcesses(searchForRun(run.runId), {
    signal: 'SIGTERM',
    graceMs: TEST_GRACE_MS,
    hurry: context.abandoned,
  });
  const processes = left.map(({ pid, name }) => ({ kind: 'process', name: `${pid} ${name}` }));
  // A run that was killed before its first request needs no engine to be forgotten.
  const nothing = run.resources.length === 0 && store.journalOf(run.runId).remaining().length === 0;
  const result = nothing
    ? NOTHING_LEFT
    : await removeRun(providerNamed(run.provider, workbench), run.runId, store.journalOf(run.runId), {
        timeoutMs: REMOVAL_TIMEOUT_MS,
        signal: context.abandoned,
        onProgress: (text) => context.stderr.write(`${text}\n`),
      });
  if (processes.length > 0) {
    const error = "a process of the run's tests could not be ended";
    return {
      outcome: 'incomplete',
      leaked: [...processes, ...result.leaked],
      errors: [...result.errors, error],
    };
  }
  if (result.outcome === 'complete') {
    await store.forgetSecrets(run.runId);
    if (run.record === null) await store.remove(run.runId);
    else await store.write({ ...run.record, state: 'finished' });
  }
  return result;
}
