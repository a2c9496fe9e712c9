import type { RunningProcess } from './marked-processes.ts';

/** A test of the user's own, ready to be started. */
export interface OwnTestCommand {
  /** Counted from 1, over all tests of the run. */
  readonly number: number;
  readonly command: readonly string[];
  readonly cwd: string;
  /** Beside what every test of the run has. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Where its output is kept, relative to the report's folder. */
  readonly log: string;
}

/** What a test is told of the run, beside its own environment. */
export interface OwnTestSurroundings {
  readonly nodes: readonly string[];
  readonly families: readonly string[];
}

/** How a test of the user's own ended. */
export interface OwnTestEnd {
  /**
   * `exit`: by itself. `timeout`: its own deadline was over. `aborted`: the run was ended while it was at work. `not-started`: the
   * system refused to start it.
   */
  readonly by: 'exit' | 'timeout' | 'aborted' | 'not-started';
  /** Null when it was ended by a signal, or never started. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** It did not end when it was asked to. */
  readonly killed: boolean;
  /** Why it could not be started. */
  readonly error: string | null;
  readonly durationMs: number;
  /** Bytes that it printed, and how many of them are left out of the file in the middle. */
  readonly outputBytes: number;
  readonly omittedBytes: number;
  /** Why the file is not complete; null where it is. */
  readonly logError: string | null;
  readonly lastLines: readonly string[];
  /** What it started and left running; ended by us. */
  readonly leftRunning: readonly RunningProcess[];
  /** What could not be ended. */
  readonly unkillable: readonly RunningProcess[];
}

/** Runs tests of the user's own, with everything of a run that they are given. Never rejects: how a test ended is in the result. */
export interface OwnTests {
  run(
    test: OwnTestCommand,
    surroundings: OwnTestSurroundings,
    options: { readonly signal: AbortSignal; onLine(line: string): void },
  ): Promise<OwnTestEnd>;
}
