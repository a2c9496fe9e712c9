import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext, Implementation } from 'ava';
import { planOf, type RunObjects } from './run-objects.ts';
import { Journal } from '../../../src/run/journal.ts';
import { removeRun } from '../../../src/run/remove-run.ts';
import { newRunId } from '../../../src/run/run-identity.ts';
import { never } from '../../support/never.ts';
import { sampleLease, sampleOwner } from '../../support/owner.ts';
import {
  REMOVAL_ORDER,
  type CallOptions,
  type OwnedResource,
  type Provider,
  type EngineResourceSpec as ResourceSpec,
} from '../../../src/providers/provider.ts';

/** An engine to be tested, and what the tests need to do behind the provider's back. */
export interface ContractSubject {
  readonly provider: Provider;
  /** The engine's name of an image from which an instance can be created. */
  readonly image: string;
  readonly pool: string;
  /** Makes an object that is not ours: without a label, or with another run's. The parts that it uses are there. */
  addForeign(spec: ResourceSpec, runId: string | null): Promise<void>;
  /** Everything that the engine says of an object; null when it is not there. */
  inspect(kind: ResourceKind, name: string): Promise<unknown>;
  /** Calls `create` and aborts it at some moment before its end. Variants count from 0; each is another moment. */
  createAborted(spec: ResourceSpec, runId: string, variant: number): Promise<void>;
  readonly abortVariants: number;
  removeForeign(kind: ResourceKind, name: string): Promise<void>;
}

type ResourceKind = ResourceSpec['kind'];

/** Kinds of engine objects; rules of the host's firewall have tests of their own. */
const KINDS = REMOVAL_ORDER.filter((kind) => kind !== 'forward-rule');

type Register = (title: string, implementation: Implementation<[]>) => void;

const CALL: CallOptions = { timeoutMs: 30_000, signal: never() };
const REMOVAL = { timeoutMs: 60_000, signal: never() };

/** One run of a test: its id, its objects' plan and its journal. */
interface TestRun extends RunObjects {
  readonly runId: string;
  readonly journal: Journal;
}

/** Registers the tests that every provider must pass. */
export function testProviderContract(register: Register, subject: () => ContractSubject): void {
  const startRun = (t: ExecutionContext): TestRun => {
    const directory = mkdtempSync(join(tmpdir(), 'twinstack-contract-'));
    const runId = newRunId();
    const run = { runId, journal: new Journal(directory), ...planOf(runId, subject()) };
    t.teardown(async () => {
      await removeRun(subject().provider, runId, run.journal, REMOVAL);
      rmSync(directory, { recursive: true, force: true });
    });
    return run;
  };
  const create = async (run: TestRun, spec: ResourceSpec): Promise<void> => {
    run.journal.creating(spec);
    await subject().provider.create(spec, sampleOwner(run.runId), CALL);
  };
  const createAll = async (run: TestRun): Promise<void> => {
    for (const spec of run.specs) await create(run, spec);
  };
  const owned = async (run: TestRun): Promise<OwnedResource[]> =>
    (await subject().provider.listOwned(CALL)).filter(({ runId }) => runId === run.runId);
  const assertNothingLeft = async (t: ExecutionContext, run: TestRun): Promise<void> => {
    t.deepEqual(await owned(run), []);
    for (const { kind, name } of run.specs)
      t.is(await subject().inspect(kind, name), null, `${kind} ${name}`);
    t.deepEqual(run.journal.remaining(), []);
  };
  const removeAll = async (t: ExecutionContext, run: TestRun): Promise<void> => {
    const result = await removeRun(subject().provider, run.runId, run.journal, REMOVAL);
    t.like(result, { outcome: 'complete', leaked: [] }, result.errors.join('\n'));
  };

  register('what is created is listed with its run and lease', async (t) => {
    const run = startRun(t);
    await createAll(run);
    const listed = (await owned(run)).map(({ kind, name, lease }) => ({ kind, name, lease }));
    const wanted = run.specs.map(({ kind, name }) => ({ kind, name, lease: sampleLease() }));
    const byKind = (one: { kind: string }, other: { kind: string }): number =>
      one.kind.localeCompare(other.kind);
    t.deepEqual(listed.sort(byKind), wanted.sort(byKind));
    await removeAll(t, run);
    await assertNothingLeft(t, run);
  });

  register("a network's ranges are in use once it is there", async (t) => {
    const run = startRun(t);
    await createAll(run);
    const used = await subject().provider.usedRanges(CALL);
    for (const { gateway, cidr } of run.ranges) {
      const length = cidr.split('/')[1];
      t.true(used.includes(cidr) || used.includes(`${gateway}/${length}`), `${cidr} in ${used.join(' ')}`);
    }
  });

  register('creating twice with the same owner is fine', async (t) => {
    const run = startRun(t);
    await createAll(run);
    await createAll(run);
    t.is((await owned(run)).length, run.specs.length);
  });

  register('removing twice is fine, and so is removing what never was', async (t) => {
    const run = startRun(t);
    await createAll(run);
    for (const round of ['first', 'second']) {
      for (const kind of KINDS) {
        const ref = { kind, name: run.nameOf(kind) };
        await t.notThrowsAsync(subject().provider.remove(ref, run.runId, CALL), `${round}: ${kind}`);
      }
    }
    await removeAll(t, run);
    await assertNothingLeft(t, run);
  });

  register('what is used by another object is not removed, and the refusal is told', async (t) => {
    const run = startRun(t);
    await createAll(run);
    const network = { kind: 'network', name: run.nameOf('network') };
    await t.throwsAsync(subject().provider.remove(network, run.runId, CALL));
    t.is((await owned(run)).length, run.specs.length);
  });

  register('settle and relabel do not mind what is not there', async (t) => {
    const { runId, specs } = startRun(t);
    await subject().provider.settle([], CALL);
    await subject().provider.settle(['ts-none', runId], CALL);
    for (const { kind, name } of specs) {
      await t.notThrowsAsync(subject().provider.relabel({ kind, name }, sampleOwner(runId), CALL));
    }
  });

  for (const label of ['no label', "another run's label"]) {
    register(`objects with our names and ${label} survive remove and removeRun`, async (t) => {
      const run = startRun(t);
      const foreignRun = label === 'no label' ? null : newRunId();
      t.teardown(async () => {
        for (const kind of KINDS) await subject().removeForeign(kind, run.nameOf(kind));
      });
      const inspectAll = (): Promise<unknown[]> =>
        Promise.all(run.specs.map(({ kind, name }) => subject().inspect(kind, name)));
      for (const spec of run.specs) {
        await subject().addForeign(spec, foreignRun);
        run.journal.creating(spec);
      }
      const before = await inspectAll();
      t.false(before.includes(null));
      for (const kind of KINDS) {
        await subject().provider.remove({ kind, name: run.nameOf(kind) }, run.runId, CALL);
      }
      const relabelled = sampleOwner(run.runId, { pid: 1 });
      for (const spec of run.specs) await subject().provider.relabel(spec, relabelled, CALL);
      await removeAll(t, run);
      t.deepEqual(await inspectAll(), before);
    });

    register(`an object with our name and ${label} is not taken over by create`, async (t) => {
      const run = startRun(t);
      const foreignRun = label === 'no label' ? null : newRunId();
      const [spec] = run.specs;
      t.teardown(() => subject().removeForeign(spec.kind, spec.name));
      await subject().addForeign(spec, foreignRun);
      const before = await subject().inspect(spec.kind, spec.name);
      await t.throwsAsync(create(run, spec), { message: /does not belong to run/ });
      t.deepEqual(await subject().inspect(spec.kind, spec.name), before);
    });
  }

  register('a creation that fails half-way leaves nothing after removeRun', async (t) => {
    const run = startRun(t);
    const broken = run.specs.map((spec) =>
      spec.kind === 'instance' ? { ...spec, profile: `${spec.profile}-missing` } : spec,
    );
    await t.throwsAsync(async () => {
      for (const spec of broken) await create(run, spec);
    });
    t.is((await owned(run)).length, run.specs.length - 1);
    await removeAll(t, run);
    await assertNothingLeft(t, run);
  });

  for (const kind of [...KINDS].reverse()) {
    register(`an abort while a ${kind} is created leaves nothing after removeRun`, async (t) => {
      for (let variant = 0; variant < subject().abortVariants; variant += 1) {
        const run = startRun(t);
        for (const spec of run.specs) {
          if (spec.kind !== kind) {
            await create(run, spec);
            continue;
          }
          run.journal.creating(spec);
          await subject().createAborted(spec, run.runId, variant);
          break;
        }
        await removeAll(t, run);
        await assertNothingLeft(t, run);
      }
    });
  }

  register('two runs side by side do not see each other', async (t) => {
    const [one, other] = [startRun(t), startRun(t)];
    await Promise.all([createAll(one), createAll(other)]);
    await removeAll(t, one);
    await assertNothingLeft(t, one);
    t.is((await owned(other)).length, other.specs.length);
  });

  register('relabel changes the lease and nothing else', async (t) => {
    const run = startRun(t);
    await createAll(run);
    const lease = sampleLease({ pid: 0, startTicks: 0, expiresAt: '2030-01-01T00:00:00.000Z' });
    for (const { kind, name } of run.specs) {
      const before = await subject().inspect(kind, name);
      await subject().provider.relabel({ kind, name }, { runId: run.runId, lease }, CALL);
      t.deepEqual(withoutLease(await subject().inspect(kind, name)), withoutLease(before), kind);
    }
    for (const resource of await owned(run)) t.deepEqual(resource.lease, lease, resource.kind);
  });

  for (const { kind, longest } of [
    { kind: 'network', longest: 15 },
    { kind: 'instance', longest: 63 },
  ] as const) {
    register(`a ${kind}'s name may have ${longest} characters and not one more`, async (t) => {
      const run = startRun(t);
      for (const spec of run.specs) {
        if (spec.kind !== kind) {
          await create(run, spec);
          continue;
        }
        const name = spec.name.padEnd(longest, 'x');
        await create(run, { ...spec, name });
        await t.throwsAsync(create(run, { ...spec, name: `${name}x` }));
        break;
      }
      t.true((await owned(run)).some(({ name }) => name.length === longest));
      await removeAll(t, run);
      await assertNothingLeft(t, run);
    });
  }
}

/** An object without what a change of the lease changes, wherever the engine keeps it. */
function withoutLease(inspected: unknown): unknown {
  return JSON.parse(
    JSON.stringify(inspected, (key, value: unknown) =>
      key === 'lease' || key.endsWith('.lease') ? null : value,
    ),
  );
}
