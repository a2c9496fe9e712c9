import type { CheckResult } from '../checks/check.ts';
import type { DialogueRecord } from '../dialogue/dialogue-record.ts';
import type { Failure } from './failure.ts';

/** The phases of a run, in the order in which they begin. */
export const PHASES = [
  'image',
  'launch',
  'bootstrap',
  'network',
  'join',
  'apply',
  'ready',
  'verify',
  'cleanup',
] as const;
export type PhaseName = (typeof PHASES)[number];

export type RunOutcome = 'passed' | 'failed' | 'error' | 'aborted' | 'timed-out';

/** An object of ours in an engine or on the host. */
export interface ResourceRef {
  /** Such as `instance`, `network`, `profile`. */
  readonly kind: string;
  readonly name: string;
}

/** What became of the run's resources. */
export interface CleanupResult {
  readonly outcome: 'complete' | 'incomplete' | 'kept';
  readonly leaked: readonly ResourceRef[];
}

/** One step as its viewers know it. */
export interface StepInfo {
  readonly id: string;
  readonly phase: PhaseName;
  readonly title: string;
}

/** What was asked of a run, for reports of runs that did not live to write one. */
export interface RunRequest {
  /** Version of this program. */
  readonly version: string;
  /** Of the scenario file as it was read, in hex. */
  readonly sha256: string;
  /** In order of preference. */
  readonly families: readonly ('ipv4' | 'ipv6')[];
  readonly pods: readonly string[];
  readonly services: readonly string[];
  readonly distribution: { readonly name: string; readonly version: string };
  /** Ids of all checks that were planned. */
  readonly checks: readonly string[];
}

/** Everything that a run tells the world, in order; screens and files are made of these alone. */
export type RunEvent = {
  /** ISO 8601 in UTC, with milliseconds. */
  readonly at: string;
  readonly runId: string;
} & (
  | {
      readonly type: 'run-started';
      readonly scenario: { readonly name: string; readonly file: string };
      readonly steps: readonly StepInfo[];
      /** Absent from events of versions before it. */
      readonly request?: RunRequest | undefined;
    }
  | { readonly type: 'phase-started'; readonly phase: PhaseName }
  | { readonly type: 'phase-finished'; readonly phase: PhaseName; readonly durationMs: number }
  | { readonly type: 'step-started'; readonly step: StepInfo }
  /** `done` of `total` where they are known; `text` says what is going on in a few words. A milestone is never left out. */
  | {
      readonly type: 'step-progress';
      readonly step: StepInfo;
      readonly text: string;
      readonly done: number | null;
      readonly total: number | null;
      readonly milestone?: boolean | undefined;
    }
  | {
      readonly type: 'step-finished';
      readonly step: StepInfo;
      readonly outcome: 'passed' | 'failed';
      readonly durationMs: number;
      readonly message: string | null;
    }
  /** A line that a test of the user's own printed. Only passed on: there may be millions, and a file of their own has them. */
  | { readonly type: 'test-output'; readonly step: StepInfo; readonly text: string }
  | { readonly type: 'dialogue-finished'; readonly step: StepInfo; readonly dialogue: DialogueRecord }
  /** The cluster could not be made, its nodes are removed, and it is made anew. Attempts count from 1. */
  | {
      readonly type: 'attempt-failed';
      readonly attempt: number;
      /** How many there are at most. */
      readonly of: number;
      readonly failure: Failure;
      readonly durationMs: number;
    }
  | { readonly type: 'check-finished'; readonly check: CheckResult }
  | { readonly type: 'notice'; readonly level: 'info' | 'warning'; readonly message: string }
  | { readonly type: 'interrupted'; readonly signal: string }
  | {
      readonly type: 'run-finished';
      readonly outcome: RunOutcome;
      readonly exitCode: number;
      readonly failure: Failure | null;
      readonly cleanup: CleanupResult;
      readonly reportDir: string;
      readonly timeToDualStackMs: number | null;
      readonly families: readonly string[];
      readonly durationMs: number;
    }
);
/** An event that is kept: what a test prints is drawn as it comes, and is in a file of its own. */
export type StoredEvent = Exclude<RunEvent, { readonly type: 'test-output' }>;
export type RunEventType = RunEvent['type'];
