import { totalmem } from 'node:os';
import { rangesInUse } from './allocate-ranges.ts';
import type { HostResources } from './admission.ts';
import type { RunRecord, RunStore } from './run-store.ts';
import type { HostFacts } from '../host/host-facts.ts';
import type { CallOptions, Provider } from '../providers/provider.ts';

/** What the host's own figures say; no engine is asked. */
export function hostResources(
  facts: Pick<HostFacts, 'memoryAvailableBytes' | 'cacheFreeBytes' | 'poolFreeBytes'>,
): HostResources {
  return {
    memoryAvailableBytes: facts.memoryAvailableBytes,
    memoryTotalBytes: totalmem(),
    diskFreeBytes: least([facts.cacheFreeBytes, facts.poolFreeBytes]),
    used: null,
  };
}

/** The same with what the engine says of its pool and its networks, and the runs that have a record. */
export async function withEngineResources(
  host: HostResources,
  provider: Provider,
  store: RunStore,
  options: CallOptions,
): Promise<{ readonly resources: HostResources; readonly records: readonly RunRecord[] }> {
  const [poolFreeBytes, { used, records }] = await Promise.all([
    provider.poolFreeBytes(options),
    rangesInUse(provider, store, options, null),
  ]);
  return {
    resources: { ...host, diskFreeBytes: least([host.diskFreeBytes, poolFreeBytes]), used },
    records,
  };
}

function least(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter((amount) => amount !== null);
  return known.length === 0 ? null : Math.min(...known);
}
