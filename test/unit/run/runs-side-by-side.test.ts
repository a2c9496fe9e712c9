import test from 'ava';
import { mkdir } from 'node:fs/promises';
import { overlaps } from '../../../src/network/cidr.ts';
import { allocateRanges } from '../../../src/run/allocate-ranges.ts';
import { newRunId } from '../../../src/run/run-identity.ts';
import { RunStore } from '../../../src/run/run-store.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { sampleLease } from '../../support/owner.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

for (const provider of ['lxd', 'kind'] as const) {
  test(`four runs of a scenario that start at once on ${provider} have ranges of their own`, async (t) => {
    const stateDirectory = temporaryDirectory(t);
    const scenario = sampleScenario({ provider });
    const ids = Array.from({ length: 4 }, () => newRunId());
    t.is(new Set(ids).size, ids.length);
    const allocated = await Promise.all(
      ids.map(async (runId) => {
        // Each has a process, and so a store, of its own.
        const store = new RunStore(stateDirectory);
        await mkdir(store.directoryOf(runId), { recursive: true });
        await store.create({
          schemaVersion: 1,
          runId,
          scenario: { name: scenario.name, file: 'quickstart.yaml' },
          provider,
          lease: sampleLease(),
          startedAt: '2026-11-21T00:00:00.000Z',
          state: 'running',
          ranges: [],
          nodes: [],
          reportDir: store.directoryOf(runId),
        });
        const engine = new InMemoryProvider(undefined, provider);
        const call = { timeoutMs: 30_000, signal: never() };
        return allocateRanges({ runId, scenario, stateDirectory }, engine, store, call);
      }),
    );
    const ranges = allocated.flat().map(({ cidr }) => cidr);
    t.is(ranges.length, 8);
    for (const [index, one] of ranges.entries())
      for (const other of ranges.slice(index + 1)) t.false(overlaps(one, other), `${one} and ${other}`);
  });
}
