import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { chooseNodeNetwork, type UsedRange } from '../network/choose-node-network.ts';
import { gatewayAddress } from '../network/node-addresses.ts';
import { readHostRanges } from '../host/host-ranges.ts';
import { withFileLock } from './file-lock.ts';
import type { CallOptions, NodeNetworkRange, Provider } from '../providers/provider.ts';
import type { RunRecord, RunStore } from './run-store.ts';
import type { Scenario } from '../scenario/scenario.ts';

const LOCK_TIMEOUT_MS = 30_000;

/** Every range that this host, its engine and the runs that have not ended use, but for one run's own; and the runs' records. */
export async function rangesInUse(
  provider: Provider,
  store: RunStore,
  options: CallOptions,
  runId: string | null,
): Promise<{ readonly used: UsedRange[]; readonly records: readonly RunRecord[] }> {
  const [host, engine, records] = await Promise.all([
    readHostRanges(),
    provider.usedRanges(options),
    store.list(),
  ]);
  const others = records.filter((record) => record.state !== 'finished' && record.runId !== runId);
  const used: UsedRange[] = [
    ...host,
    ...engine.map((range) => ({ range, usedBy: `a network of ${provider.name}` })),
    ...others.flatMap((record) => record.ranges.map((range) => ({ range, usedBy: `run ${record.runId}` }))),
  ];
  return { used, records };
}

/**
 * Chooses the node network's ranges under a lock, so that runs which start together, the engine's networks and the host's routes
 * never overlap, and writes them into the run's record before the lock is given back.
 * @throws {NodeNetworkError} (preflight) when a written range clashes or nothing is free.
 */
export async function allocateRanges(
  run: { readonly runId: string; readonly scenario: Scenario; readonly stateDirectory: string },
  provider: Provider,
  store: RunStore,
  options: CallOptions,
): Promise<NodeNetworkRange[]> {
  const { scenario, runId } = run;
  const lock = {
    condition: 'the choice of node networks is ours',
    timeoutMs: LOCK_TIMEOUT_MS,
    signal: options.signal,
  };
  return withFileLock(join(run.stateDirectory, 'network.lock'), lock, async () => {
    const { used, records } = await rangesInUse(provider, store, options, runId);
    const { families, pods, services, bridge } = scenario.network;
    const chosen = chooseNodeNetwork({ families, used, pods, services, written: bridge, randomBytes });
    const order = [...families].sort((family) => (family === scenario.network.primaryFamily ? -1 : 1));
    const ranges = order.map((family): NodeNetworkRange => {
      const cidr = chosen[family];
      if (cidr === null) throw new Error(`no ${family} range was chosen`);
      return { family, cidr, gateway: gatewayAddress(cidr) };
    });
    const mine = records.find((record) => record.runId === runId);
    if (mine !== undefined) await store.write({ ...mine, ranges: ranges.map(({ cidr }) => cidr) });
    return ranges;
  });
}
