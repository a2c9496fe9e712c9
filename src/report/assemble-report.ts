import type { CheckResult } from '../checks/check.ts';
import type { CleanupResult, RunEvent } from '../run/event.ts';
import type { Failure } from '../run/failure.ts';
import type { ProviderDecision } from '../scenario/choose-provider.ts';
import type { Expectation } from '../scenario/scenario.ts';
import { decideVerdict } from './exit-status.ts';
import type {
  Report,
  ReportCheck,
  ReportFamily,
  ReportHost,
  ReportImage,
  ReportNode,
  ReportPhase,
} from './report.ts';
import { REPORT_SCHEMA_VERSION } from './report.ts';

/** What a report says that events don't. */
export interface ReportFacts {
  readonly runId: string;
  /** Version of this program. */
  readonly version: string;
  /** When the verb began, in ISO 8601; the first event's time where there is one and it is earlier. */
  readonly startedAt: string;
  /** Null for `verify`. `sha256` is the hex digest of the file as it was read. */
  readonly scenario: Report['scenario'];
  readonly provider: Report['provider'];
  /** Absent, and null, where the scenario names its provider. */
  readonly providerChoice?: ProviderDecision | null;
  readonly distribution: Report['distribution'];
  /** What was asked for, in order of preference; empty only when a scenario could not be read. */
  readonly families: readonly ReportFamily[];
  /** Null where the scenario could not be read. */
  readonly ranges: {
    readonly pods: readonly string[];
    readonly services: readonly string[];
    /** Of the node network; empty when it was not chosen yet. */
    readonly nodes: readonly string[];
  } | null;
  /** Arguments of this program that do the same again; null when there are none. */
  readonly repeat: readonly string[] | null;
  readonly host: ReportHost | null;
  readonly image: ReportImage | null;
  readonly nodes: readonly ReportNode[];
  /** Milliseconds of preparing the host; null when there was nothing to prepare. */
  readonly setupMs: number | null;
  /** Ids of all checks that the plan has, in its order. Those without a result become `not-reached`. */
  readonly plannedChecks: readonly string[];
  readonly expect: Expectation;
  /** Ids of the rules that the scenario breaks (errors only). */
  readonly brokenRules: readonly string[];
  /** How it ended where no `run-finished` event says so: a refusal by `lint` or preflight has no run. */
  readonly ending: {
    readonly failure: Failure | null;
    readonly cleanup: CleanupResult;
    readonly durationMs: number;
  } | null;
}

/** Nothing was created, so nothing is left: the clean-up of a refusal. */
export const NOTHING_TO_CLEAN: CleanupResult = { outcome: 'complete', leaked: [] };

/**
 * Folds a run's events and the facts around them into its report. Outcome and exit status are decided here, from the failure,
 * checks and clean-up; a `run-finished` event only contributes these facts, so that no report contradicts itself.
 */
export function assembleReport(events: readonly RunEvent[], facts: ReportFacts): Report {
  const finished = events.findLast((event) => event.type === 'run-finished');
  const ending = finished ?? facts.ending ?? unfinished(events, facts);
  const signal = events.findLast((event) => event.type === 'interrupted')?.signal ?? null;
  const results = events.flatMap((event) => (event.type === 'check-finished' ? [event.check] : []));
  const checks = completeChecks(results, facts.plannedChecks, ending.failure);
  const { cleanup } = ending;
  const verdict = decideVerdict({ ...facts, failure: ending.failure, checks, cleanup, signal });
  const phases = foldPhases(events);
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    twinstack: { version: facts.version },
    runId: facts.runId,
    outcome: verdict.outcome,
    exitCode: verdict.exitCode,
    startedAt: earlier(facts.startedAt, events[0]?.at),
    durationMs: Math.round(ending.durationMs),
    scenario: facts.scenario,
    provider: facts.provider,
    providerChoice: copyChoice(facts.providerChoice ?? null),
    distribution: facts.distribution,
    families: [...facts.families],
    ranges: copyRanges(facts.ranges),
    repeat: facts.repeat === null ? null : [...facts.repeat],
    host: facts.host,
    image: facts.image,
    nodes: [...facts.nodes],
    phases,
    setupMs: facts.setupMs === null ? null : Math.round(facts.setupMs),
    imageMs: phases.find((phase) => phase.name === 'image')?.durationMs ?? null,
    timeToDualStackMs: timeToDualStack(finished?.timeToDualStackMs ?? null, facts.families),
    dialogues: events.flatMap((event) => (event.type === 'dialogue-finished' ? [event.dialogue] : [])),
    retries: events.flatMap((event) =>
      event.type === 'attempt-failed'
        ? [{ attempt: event.attempt, failure: event.failure, durationMs: Math.round(event.durationMs) }]
        : [],
    ),
    checks: checks.map(toReportCheck),
    failure: verdict.failure,
    cleanup: { outcome: cleanup.outcome, leaked: cleanup.leaked.map(({ kind, name }) => ({ kind, name })) },
    notices: [...new Set([...notices, ...verdict.notices])],
  };
}

/**
 * The results in the order of the plan, with `not-reached` for what has none; results that the plan does not know come last.
 * Of two results of one check the later stands.
 *
 * @param failure What stopped the run, named as the reason of what it kept from happening.
 */
export function completeChecks(
  results: readonly CheckResult[],
  planned: readonly string[],
  failure: Failure | null,
): CheckResult[] {
  const byId = new Map(results.map((result) => [result.id, result]));
  const ids = new Set([...planned, ...byId.keys()]);
  return [...ids].map((id) => byId.get(id) ?? notReached(id, failure));
}

function notReached(id: string, failure: Failure | null): CheckResult {
  const reason = failure === null ? 'the run ended before it' : `the run ended in ${failure.step}`;
  return { id, outcome: 'not-reached', reason, durationMs: 0, attempts: 0, evidence: null };
}

function copyRanges(ranges: ReportFacts['ranges']): Report['ranges'] {
  if (ranges === null) return null;
  return { pods: [...ranges.pods], services: [...ranges.services], nodes: [...ranges.nodes] };
}

/**
 * The phases in the order in which they began; one that never finished lasts until the last event. Of a cluster that was made anew,
 * those of the last attempt.
 */
function foldPhases(events: readonly RunEvent[]): ReportPhase[] {
  let phases: ReportPhase[] = [];
  const open = new Map<string, ReportPhase>();
  for (const event of events) {
    if (event.type === 'attempt-failed') {
      phases = phases.filter(({ name }) => name === 'image');
    } else if (event.type === 'phase-started') {
      const phase = { name: event.phase, startedAt: event.at, durationMs: 0 };
      phases.push(phase);
      open.set(event.phase, phase);
    } else if (event.type === 'phase-finished') {
      const phase = open.get(event.phase);
      if (phase !== undefined) phase.durationMs = Math.round(event.durationMs);
      open.delete(event.phase);
    }
  }
  for (const phase of open.values()) phase.durationMs = elapsed(phase.startedAt, events.at(-1)?.at);
  return phases;
}

/** A run that was killed leaves its events and nothing that says how it ended. */
function unfinished(
  events: readonly RunEvent[],
  facts: ReportFacts,
): { failure: Failure; cleanup: CleanupResult; durationMs: number } {
  const step = events.findLast((event) => event.type === 'step-started')?.step.id ?? 'start';
  const hint = `Run \`twinstack gc\` to remove what run ${facts.runId} left behind.`;
  return {
    failure: { class: 'bug', step, message: 'the run stopped without saying how it ended', hint },
    cleanup: { outcome: 'incomplete', leaked: [] },
    durationMs: elapsed(facts.startedAt, events.at(-1)?.at),
  };
}

/** One family can't be dual-stack, however fast it answered. */
function timeToDualStack(timeMs: number | null, families: readonly ReportFamily[]): number | null {
  return timeMs === null || families.length < 2 ? null : Math.round(timeMs);
}

function toReportCheck(check: CheckResult): ReportCheck {
  const { id, outcome, reason, attempts, evidence } = check;
  return {
    id,
    outcome,
    reason,
    durationMs: Math.round(check.durationMs),
    attempts,
    evidence: evidence === null ? null : { ...evidence },
  };
}

function earlier(a: string, b: string | undefined): string {
  return b !== undefined && Date.parse(b) < Date.parse(a) ? b : a;
}

/** Milliseconds between two times, and 0 where there is no second one or the clock was set back. */
function elapsed(from: string, to: string | undefined): number {
  return to === undefined ? 0 : Math.max(0, Date.parse(to) - Date.parse(from));
}

function copyChoice(choice: ProviderDecision | null): Report['providerChoice'] {
  if (choice === null) return null;
  return { ...choice, passedOver: choice.passedOver.map((other) => ({ ...other })) };
}
