import { removeRun } from './remove-run.ts';
import { FailureError } from './failure.ts';
import { newRunId } from './run-identity.ts';
import { takeLease } from './lease.ts';
import { runObjectName } from '../plan/assemble-plan.ts';
import type { HostFolder, RootPlace, RootPlaceOptions } from '../images/build/root-place.ts';
import type { Provider } from '../providers/provider.ts';
import type { RunStore } from './run-store.ts';

/** How long a builder may be made or started, in milliseconds. */
const START_TIMEOUT_MS = 120_000;
const REMOVAL_TIMEOUT_MS = 120_000;
const CHECK_TIMEOUT_MS = 10_000;

/** How long the command may clean up after its own deadline, in milliseconds. */
const CLEAN_UP_MS = 60_000;

/** What a record says where a run has a scenario's name. */
export const BUILD_NAME = 'image build';

/** A root place in an engine: a builder for each command. It is journaled and labelled as a run of its own, so `gc` finds it. */
export class Builder implements RootPlace {
  readonly #providers: readonly Provider[];
  readonly #store: RunStore;
  readonly #temporaryDirectory: string;
  readonly #abandoned: AbortSignal;

  /**
   * @param providers of which the first that answers lends the machine.
   * @param abandoned aborted when the user does not want to wait for a clean-up.
   */
  constructor(
    providers: readonly Provider[],
    store: RunStore,
    temporaryDirectory: string,
    abandoned: AbortSignal,
  ) {
    this.#providers = providers;
    this.#store = store;
    this.#temporaryDirectory = temporaryDirectory;
    this.#abandoned = abandoned;
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#answering(signal);
  }

  /** @throws what the first of them says, where none answers. */
  async #answering(signal: AbortSignal): Promise<Provider> {
    const refusals: unknown[] = [];
    for (const provider of this.#providers) {
      try {
        await provider.info({ timeoutMs: CHECK_TIMEOUT_MS, signal });
        return provider;
      } catch (error) {
        refusals.push(error);
      }
    }
    throw refusals[0];
  }

  async run(
    command: readonly string[],
    folders: readonly HostFolder[],
    options: RootPlaceOptions,
  ): Promise<void> {
    const { timeoutMs, signal, onLine } = options;
    const provider = await this.#answering(signal);
    const runId = newRunId();
    const name = `${runObjectName(runId)}-builder`;
    const owner = { runId, lease: await takeLease(timeoutMs + CLEAN_UP_MS + REMOVAL_TIMEOUT_MS) };
    await this.#store.create({
      schemaVersion: 1,
      runId,
      scenario: { name: BUILD_NAME, file: '' },
      provider: provider.name,
      lease: owner.lease,
      startedAt: new Date().toISOString(),
      state: 'running',
      ranges: [],
      nodes: [],
      reportDir: this.#store.directoryOf(runId),
    });
    this.#store.journalOf(runId).creating({ kind: 'instance', name });
    let failed: { readonly error: unknown } | null = null;
    try {
      const spec = { name, folders, temporaryDirectory: this.#temporaryDirectory };
      const call = { timeoutMs: START_TIMEOUT_MS, signal };
      await provider.startBuilder(spec, owner, call);
      const [file = '', ...args] = command;
      const program = { timeoutMs: timeoutMs + CLEAN_UP_MS, signal, onLine };
      await provider.node(name).run(file, args, program);
    } catch (error) {
      failed = { error };
    }
    await this.#remove(provider, runId, name, failed?.error);
    if (failed !== null) throw failed.error;
  }

  async #remove(provider: Provider, runId: string, name: string, cause: unknown): Promise<void> {
    const { outcome, errors } = await removeRun(provider, runId, this.#store.journalOf(runId), {
      timeoutMs: REMOVAL_TIMEOUT_MS,
      signal: this.#abandoned,
    });
    if (outcome === 'complete') return this.#store.remove(runId);
    const said = [...errors, ...(cause instanceof Error ? [`before that: ${cause.message}`] : [])];
    throw new FailureError(
      {
        class: 'infrastructure',
        step: 'image',
        message: [`the builder ${name} could not be removed`, ...said].join('\n  '),
        hint: 'Remove it with `gc`.',
      },
      { cause },
    );
  }
}
