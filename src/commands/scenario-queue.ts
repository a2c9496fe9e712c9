import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { providerNamed, type CommandContext, type Workbench } from './command-context.ts';
import { prepareHost, SetUpLeave, type NeededImage } from './prepare-host.ts';
import type { HostNeeds } from '../host/findings/host-state.ts';
import { noProviderFailure } from './resolve-auto.ts';
import { runOne, type RunSurroundings } from './run-one.ts';
import type { RunOptions } from './run-options.ts';
import { readHostFacts } from '../host/host-facts.ts';
import {
  decideAdmission,
  type ActiveRun,
  type Admission,
  type RunNeeds,
  type Shortage,
} from '../run/admission.ts';
import { FailureError } from '../run/failure.ts';
import { hostResources, withEngineResources } from '../run/observe-resources.ts';
import { waitUntil, WaitTimeoutError, type Look } from '../run/wait-until.ts';
import type { Report } from '../report/report.ts';
import type { RunEvent } from '../run/event.ts';
import type { ProviderDecision } from '../scenario/choose-provider.ts';
import type { ProviderChoice } from '../scenario/provider-names.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { SeveralRenderer } from '../ui/several-renderer.ts';

/** A scenario file that waits for its turn. */
export interface QueuedScenario {
  readonly file: string;
  /** What it is called among the others; no two alike. */
  readonly label: string;
  /** Null for a file that is refused: it needs nothing of the host. */
  readonly scenario: Scenario | null;
  /** Which of several providers it runs with; null for the scenario's own, or the one that the options name. */
  readonly provider: ProviderChoice | null;
  /** How its provider was found, where it leaves that open. */
  readonly decision: ProviderDecision | null;
  /** Its report's folder; null for the run's own. */
  readonly reportDir: string | null;
}

/** How a queue works. */
export interface QueueOptions {
  readonly run: RunOptions;
  /** How many may run at the same time, if there is room. */
  readonly parallel: number;
  /** Shows the runs together; null gives each a screen of its own. */
  readonly renderer: SeveralRenderer | null;
}

/** A run that was begun and has not ended. */
interface Slot extends Omit<ActiveRun, 'ranges'> {
  stage: ActiveRun['stage'];
  runId: string | null;
  readonly ended: Promise<unknown>;
}

const LOOK_INTERVAL_MS = 250;
const ENGINE_TIMEOUT_MS = 10_000;
/** Every run ends by deadlines of its own; this one is for a host on which none does. */
const WAIT_TIMEOUT_MS = 24 * 60 * 60_000;

/** Runs scenarios in their order, as many at a time as there is room for. They share nothing but the host. */
export class ScenarioQueue {
  readonly #context: CommandContext;
  readonly #workbench: Workbench;
  readonly #options: QueueOptions;
  readonly #slots = new Set<Slot>();
  /** The host is prepared once for the same image and needs, one after the other: what one sets up, the next one finds done. */
  #preparing: Promise<unknown> = Promise.resolve();
  readonly #prepared = new Map<string, ReturnType<typeof prepareHost>>();
  readonly #leave: SetUpLeave;
  /** The shortage that was told last: it is told once, not at every look. */
  #told: string | null = null;

  constructor(context: CommandContext, workbench: Workbench, options: QueueOptions) {
    this.#context = context;
    this.#workbench = workbench;
    this.#options = options;
    this.#leave = new SetUpLeave(context, options.run.yes === true);
  }

  /**
   * Runs all of them. One that is not begun, because it has no room on this host or the user ended the call, has a report too.
   * @returns a report or a defect for each, in their order.
   */
  async run(scenarios: readonly QueuedScenario[]): Promise<PromiseSettledResult<Report>[]> {
    const runs: Promise<Report>[] = [];
    for (const queued of scenarios) {
      const obstacle = queued.scenario === null ? null : await this.#takeTurn(queued, queued.scenario);
      const run = this.#begin(queued, obstacle);
      run.catch(() => undefined);
      runs.push(run);
    }
    return Promise.allSettled(runs);
  }

  /** Waits until there is room. @returns why it must not begin, or null. */
  async #takeTurn(queued: QueuedScenario, scenario: Scenario): Promise<FailureError | null> {
    if (queued.decision?.chosen === null) return noProviderFailure(queued.decision);
    const { interrupted } = this.#context;
    const { parallel } = this.#options;
    const aborted = new AbortController();
    const gone = delay(WAIT_TIMEOUT_MS, undefined, {
      signal: AbortSignal.any([interrupted, aborted.signal]),
    }).catch(() => undefined);
    while (this.#slots.size >= parallel && !interrupted.aborted) {
      await Promise.race([gone, ...[...this.#slots].map(({ ended }) => ended)]);
    }
    aborted.abort();
    try {
      const admission = await waitUntil((_attempt, signal) => this.#look(queued, scenario, signal), {
        condition: `this host has room for ${queued.label}`,
        timeoutMs: WAIT_TIMEOUT_MS,
        intervalMs: LOOK_INTERVAL_MS,
        signal: interrupted,
      });
      if (admission.verdict === 'never') {
        return refusal('preflight', `no room on this host: ${admission.why}`, HINTS[admission.short]);
      }
      if (admission.warning !== null) this.#say(queued, `warning: ${admission.warning}`);
      return null;
    } catch (error) {
      if (interrupted.aborted) return refusal('interrupted', 'not begun: the call was interrupted before');
      if (error instanceof WaitTimeoutError) return refusal('preflight', error.message);
      throw error;
    }
  }

  async #look(
    queued: QueuedScenario,
    scenario: Scenario,
    signal: AbortSignal,
  ): Promise<Look<Exclude<Admission, { verdict: 'wait' }>>> {
    const admission = await this.#decide(scenario, signal);
    if (admission.verdict !== 'wait') return { met: true, value: admission };
    const telling = `${queued.label} ${admission.short}`;
    if (telling !== this.#told) this.#say(queued, `waits: ${admission.why}`);
    this.#told = telling;
    return { met: false, missing: admission.why };
  }

  async #decide(scenario: Scenario, signal: AbortSignal): Promise<Admission> {
    const { directories, store } = this.#workbench;
    const provider = providerNamed(scenario.provider, this.#workbench);
    const needs = needsOf(scenario);
    const slots = [...this.#slots];
    const host = hostResources(await readHostFacts(this.#context.env, directories.cache, scenario.provider));
    const byHost = decideAdmission(
      needs,
      slots.map((slot) => ({ ...slot, ranges: [] })),
      host,
      randomBytes,
    );
    // Alone, the run's own preparation judges engine and networks, and says more about them.
    if (byHost.verdict !== 'admit' || slots.length === 0) return byHost;
    const call = { timeoutMs: ENGINE_TIMEOUT_MS, signal };
    // An engine that does not answer now is the run's own to report.
    const known = await withEngineResources(host, provider, store, call).catch(() => null);
    signal.throwIfAborted();
    if (known === null) return byHost;
    const { resources, records } = known;
    const active = slots.map((slot) => ({
      ...slot,
      ranges: records.find(({ runId }) => runId === slot.runId)?.ranges ?? [],
    }));
    return decideAdmission(needs, active, resources, randomBytes);
  }

  #begin(
    { file, label, scenario, provider, decision, reportDir }: QueuedScenario,
    obstacle: FailureError | null,
  ): Promise<Report> {
    const { renderer, run: options } = this.#options;
    const context =
      renderer === null
        ? this.#context
        : { ...this.#context, stderr: labelled(this.#context, renderer, label) };
    let slot: Slot | null = null;
    const surroundings: RunSurroundings = {
      decision,
      renderer: renderer === null ? null : renderer.as(label),
      prepareHost: (image, needs) =>
        obstacle === null ? this.#prepareHost(image, needs) : Promise.reject(obstacle),
      onEvent: (event) => {
        if (slot !== null) follow(slot, event);
      },
    };
    const chosen = decision?.chosen ?? provider;
    const own = { ...options, reportDir, ...(chosen === null ? {} : { provider: chosen }) };
    const run = runOne(file, own, context, this.#workbench, surroundings);
    if (scenario === null || obstacle !== null) return run;
    const ended = run.catch(() => undefined).finally(() => slot !== null && this.#slots.delete(slot));
    slot = { label, stage: 'preparing', needs: needsOf(scenario), runId: null, ended };
    this.#slots.add(slot);
    return run;
  }

  #prepareHost(image: NeededImage, needs: HostNeeds): ReturnType<typeof prepareHost> {
    const key = JSON.stringify([image, needs]);
    const there = this.#prepared.get(key);
    if (there !== undefined) return there;
    const prepare = (): ReturnType<typeof prepareHost> =>
      prepareHost(this.#context, this.#workbench, image, needs, this.#leave);
    const prepared = this.#preparing.then(prepare, prepare);
    this.#preparing = prepared;
    this.#prepared.set(key, prepared);
    return prepared;
  }

  #say({ label }: QueuedScenario, text: string): void {
    if (this.#options.renderer === null) this.#context.stderr.write(`${label}: ${text}\n`);
    else this.#options.renderer.say(label, text);
  }
}

/** What a scenario takes of its host. */
export function needsOf({ nodes, network }: Scenario): RunNeeds {
  const { families, pods, services, bridge } = network;
  return { nodes: nodes.controlPlanes + nodes.workers, families, pods, services, bridge };
}

function follow(slot: Slot, event: RunEvent): void {
  slot.runId = event.runId;
  if (event.type !== 'phase-started') return;
  if (event.phase === 'launch' && slot.stage === 'preparing') slot.stage = 'growing';
  // All pods have been started by then; from now on the host's own figures have it.
  if (event.phase === 'verify' || event.phase === 'cleanup') slot.stage = 'grown';
}

const MAKE_ROOM = 'Make room as `twinstack doctor` says, ask for fewer nodes, or use a larger host.';
const HINTS: Readonly<Record<Shortage, string>> = {
  image: MAKE_ROOM,
  memory: MAKE_ROOM,
  disk: MAKE_ROOM,
  'address-space':
    '`twinstack ps` shows the runs of this host, and `twinstack gc` removes what is left over.',
};

function refusal(
  failureClass: 'preflight' | 'interrupted',
  message: string,
  hint: string | null = null,
): FailureError {
  return new FailureError({ class: failureClass, step: 'preflight', message, hint });
}

/** Standard error whose text carries a label, and leaves a drawing alone. */
function labelled({ stderr }: CommandContext, renderer: SeveralRenderer, label: string): NodeJS.WriteStream {
  const write = (text: string): boolean => {
    for (const line of text.replace(/\n$/, '').split('\n')) renderer.say(label, line);
    return true;
  };
  return Object.create(stderr, { write: { value: write } }) as NodeJS.WriteStream;
}
