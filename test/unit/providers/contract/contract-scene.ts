import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext, Implementation } from 'ava';
import { Journal } from '../../../../src/run/journal.ts';
import { removeRun } from '../../../../src/run/remove-run.ts';
import { newRunId } from '../../../../src/run/run-identity.ts';
import { never } from '../../../support/never.ts';
import { sampleOwner } from '../../../support/owner.ts';
import type { ContractSubject, CreatedSpec, ListedObject } from './contract-subject.ts';
import type { CallOptions, OwnedResource, Provider } from '../../../../src/providers/provider.ts';

/** How tests are registered: those that run, and those that are told as skipped with the reason in their title. */
export interface Register {
  run(title: string, implementation: Implementation<[]>): void;
  skip(title: string): void;
}

/** Cluster makers need a while. */
export const CALL: CallOptions = { timeoutMs: 120_000, signal: never() };
const REMOVAL = { timeoutMs: 120_000, signal: never() };

/** One run of a test: its id, its objects in the order of creation, and its journal. */
export interface TestRun {
  readonly runId: string;
  readonly specs: readonly CreatedSpec[];
  readonly journal: Journal;
}

export const nameOf = ({ kind, name }: { kind: string; name: string }): string => `${kind} ${name}`;

/** What tests of the contract do with a subject. */
export class ContractScene {
  readonly #subject: () => ContractSubject;

  constructor(subject: () => ContractSubject) {
    this.#subject = subject;
  }

  get subject(): ContractSubject {
    return this.#subject();
  }

  get provider(): Provider {
    return this.subject.provider;
  }

  /** The provider's kinds of objects, in the order of their creation. */
  get kinds(): CreatedSpec['kind'][] {
    return [...new Set(this.subject.specs('a00000', 1).map(({ kind }) => kind))];
  }

  /** A run of its own, of which nothing is there yet; the test's end removes what is there by then. */
  start(t: ExecutionContext, nodes = 1): TestRun {
    const directory = mkdtempSync(join(tmpdir(), 'twinstack-contract-'));
    const runId = newRunId();
    const run = { runId, journal: new Journal(directory), specs: this.subject.specs(runId, nodes) };
    t.teardown(async () => {
      await removeRun(this.provider, runId, run.journal, REMOVAL);
      rmSync(directory, { recursive: true, force: true });
    });
    return run;
  }

  async create(run: TestRun, spec: CreatedSpec, signal = CALL.signal): Promise<void> {
    run.journal.creating(spec);
    await this.provider.create(spec, sampleOwner(run.runId), { ...CALL, signal });
  }

  /** Creates what comes before this object, or everything. */
  async createUpTo(run: TestRun, last: CreatedSpec | null): Promise<void> {
    for (const spec of run.specs) {
      if (spec === last) return;
      await this.create(run, spec);
    }
  }

  async owned(run: TestRun): Promise<OwnedResource[]> {
    return (await this.provider.listOwned(CALL)).filter(({ runId }) => runId === run.runId);
  }

  /** Names of what the engine lists as the run's, sorted. */
  async ownedNames(run: TestRun): Promise<string[]> {
    return (await this.owned(run)).map(nameOf).sort();
  }

  /** What the engine lists of these, in the order of their creation. */
  listed(specs: readonly CreatedSpec[]): readonly ListedObject[] {
    const { listed = (spec: CreatedSpec): readonly ListedObject[] => [spec] } = this.subject;
    return specs.flatMap(listed);
  }

  /** Their names, sorted. */
  namesOf(specs: readonly CreatedSpec[]): string[] {
    return this.listed(specs).map(nameOf).sort();
  }

  async inspectAll(specs: readonly CreatedSpec[]): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const { kind, name } of this.listed(specs)) found.push(await this.subject.inspect(kind, name));
    return found;
  }

  async removeRun(t: ExecutionContext, run: TestRun): Promise<void> {
    const result = await removeRun(this.provider, run.runId, run.journal, REMOVAL);
    t.like(result, { outcome: 'complete', leaked: [] }, result.errors.join('\n'));
  }

  /** Neither listed, nor in the engine, nor in the journal. */
  async assertGone(t: ExecutionContext, run: TestRun): Promise<void> {
    t.deepEqual(await this.ownedNames(run), []);
    for (const spec of run.specs) t.is(await this.subject.inspect(spec.kind, spec.name), null, nameOf(spec));
    t.deepEqual(run.journal.remaining(), []);
  }

  async removeAndAssertGone(t: ExecutionContext, run: TestRun): Promise<void> {
    await this.removeRun(t, run);
    await this.assertGone(t, run);
  }
}
