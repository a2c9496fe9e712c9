import { setTimeout as delay } from 'node:timers/promises';
import { REMOVAL_ORDER, type CallOptions, type OwnedResource, type Provider } from '../providers/provider.ts';
import type { CleanupResult, ResourceRef } from './event.ts';
import type { Journal } from './journal.ts';

/** What a clean-up needs to know beside the engine. */
export interface RemovalOptions {
  /** The whole clean-up's deadline in milliseconds. */
  readonly timeoutMs: number;
  /** A fresh signal: never the one whose abort began the clean-up. */
  readonly signal: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** Each engine call's own deadline within the clean-up, in milliseconds. */
const CALL_TIMEOUT_MS = 60_000;
const RETRY_MS = 250;

/**
 * Removes everything of one run: lets the engine finish what it is doing to the run's objects, removes by label in the order in
 * which objects use each other, and lists again until nothing is left or the deadline is over. `down`, `gc` and the end of a run
 * all come this way. It never rejects: what could not be removed is in the result.
 */
export async function removeRun(
  provider: Provider,
  runId: string,
  journal: Journal,
  options: RemovalOptions,
): Promise<CleanupResult & { readonly errors: readonly string[] }> {
  const deadline = performance.now() + options.timeoutMs;
  const errors = new Set<string>();
  let left: readonly ResourceRef[] = journal.remaining();
  // Also of what is not listed any more: an operation on it may still be under way.
  const names = new Set<string>();
  do {
    const timeoutMs = Math.max(1, Math.min(CALL_TIMEOUT_MS, deadline - performance.now()));
    const call: CallOptions = { timeoutMs, signal: options.signal };
    try {
      for (const { name } of left) names.add(name);
      const settled = await settle(provider, [...names], call, errors);
      left = await removeOnce(provider, runId, journal, call, options, errors);
      // While the engine is still at work, what is not there yet may appear.
      if (left.length === 0 && settled) return { outcome: 'complete', leaked: [], errors: [...errors] };
    } catch (error) {
      errors.add(messageOf(error));
      if (options.signal.aborted) break;
    }
    await delay(RETRY_MS, undefined, { signal: options.signal }).catch(() => undefined);
  } while (performance.now() < deadline && !options.signal.aborted);
  const leaked = left.map(({ kind, name }) => ({ kind, name }));
  return { outcome: 'incomplete', leaked, errors: [...errors] };
}

/** Lets the engine finish. @returns false when it did not; one object's operation must not keep all others from being removed. */
async function settle(
  provider: Provider,
  names: readonly string[],
  call: CallOptions,
  errors: Set<string>,
): Promise<boolean> {
  try {
    await provider.settle(names, call);
    return true;
  } catch (error) {
    errors.add(messageOf(error));
    return false;
  }
}

/** One pass over what carries the run's label. @returns what is still there after it. */
async function removeOnce(
  provider: Provider,
  runId: string,
  journal: Journal,
  call: CallOptions,
  options: RemovalOptions,
  errors: Set<string>,
): Promise<OwnedResource[]> {
  const mine = async (): Promise<OwnedResource[]> =>
    (await provider.listOwned(call)).filter((resource) => resource.runId === runId);
  const found = await mine();
  for (const kind of REMOVAL_ORDER) {
    const ofKind = found.filter((resource) => resource.kind === kind);
    await Promise.all(
      ofKind.map(async (resource) => {
        options.onProgress?.(`removing ${kind} ${resource.name}`);
        try {
          await provider.remove(resource, runId, call);
          journal.removed(resource);
        } catch (error) {
          errors.add(`${kind} ${resource.name}: ${messageOf(error)}`);
        }
      }),
    );
  }
  const left = await mine();
  // What the journal names and the engine no longer has is gone too, whoever removed it.
  const there = new Set(left.map(({ kind, name }) => `${kind}/${name}`));
  for (const ref of journal.remaining()) if (!there.has(`${ref.kind}/${ref.name}`)) journal.removed(ref);
  return left;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
