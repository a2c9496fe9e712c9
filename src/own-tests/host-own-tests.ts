import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InterruptedError } from '../run/interrupted-error.ts';
import { printable } from '../report/printable.ts';
import { KeptOutput } from './kept-output.ts';
import { endProcesses, TEST_MARK, testMark, type ProcessSearch } from './marked-processes.ts';
import { SecretFilter } from '../process/secret-filter.ts';
import { LineSplitter, ShownLines } from './shown-lines.ts';
import type { OwnTestCommand, OwnTestEnd, OwnTests, OwnTestSurroundings } from './own-test.ts';

/** What all tests of a run have in common. */
export interface HostOwnTestsOptions {
  readonly runId: string;
  /** The user's environment, with the search path as the user has it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kubeconfigFile: string;
  readonly reportDir: string;
  /** Aborted when the user does not want to wait any longer. */
  readonly abandoned: AbortSignal;
  readonly secrets: ReadonlySet<string>;
  /** How long a test that was asked to end may take, in milliseconds. */
  readonly graceMs?: number;
}

const GRACE_MS = 5000;
/** For what a test that ended by itself left running: nobody waits for that any more. */
const LEFT_RUNNING_GRACE_MS = 1000;
/** How long output of a test that has ended may still be on its way. */
const DRAIN_MS = 500;
const LAST_BYTES = 4096;
const LAST_LINES = 20;

const NOT_STARTED: OwnTestEnd = {
  by: 'not-started',
  exitCode: null,
  signal: null,
  killed: false,
  error: null,
  durationMs: 0,
  outputBytes: 0,
  omittedBytes: 0,
  logError: null,
  lastLines: [],
  leftRunning: [],
  unkillable: [],
};

type By = OwnTestEnd['by'];
type Left = Awaited<ReturnType<typeof endProcesses>>;

/**
 * Tests as programs of this host. Each gets a session of its own, so that a Ctrl-C at the terminal reaches us first, and a mark in
 * its environment, so that nothing that it starts outlives it.
 */
export class HostOwnTests implements OwnTests {
  readonly #options: HostOwnTestsOptions;

  constructor(options: HostOwnTestsOptions) {
    this.#options = options;
  }

  async run(
    test: OwnTestCommand,
    surroundings: OwnTestSurroundings,
    { signal, onLine }: { readonly signal: AbortSignal; onLine(line: string): void },
  ): Promise<OwnTestEnd> {
    const { runId, reportDir, secrets, abandoned, graceMs = GRACE_MS } = this.#options;
    const started = performance.now();
    const kept = new KeptOutput(join(reportDir, test.log));
    const child = this.#start(test, surroundings);
    if (child instanceof Error) {
      kept.close();
      return { ...NOT_STARTED, error: child.message, durationMs: Math.round(performance.now() - started) };
    }
    const exited = exitOf(child);
    const output = followOutput(child, kept, () => secrets, onLine);
    const search: ProcessSearch = { mark: testMark(runId, test.number), session: child.pid ?? null };
    const { by, ended } = await firstOf(exited, test.timeoutMs, signal);
    let left: Left = { found: [], left: [] };
    let exit = ended;
    if (exit === null) {
      const asked = signal.reason instanceof InterruptedError ? signal.reason.signal : 'SIGTERM';
      left = await endProcesses(search, { signal: asked, graceMs, hurry: abandoned });
      // Only what could not even be killed keeps it from ending now.
      exit = await Promise.race([exited, delay(DRAIN_MS, null)]);
    } else if (exit.error === null) {
      await Promise.race([output.closed, delay(DRAIN_MS)]);
      left = await endProcesses(search, {
        signal: 'SIGTERM',
        graceMs: LEFT_RUNNING_GRACE_MS,
        hurry: abandoned,
      });
    }
    await Promise.race([output.closed, delay(DRAIN_MS)]);
    output.end();
    child.unref();
    return {
      by,
      exitCode: exit?.exitCode ?? null,
      signal: exit?.signal ?? null,
      killed: by !== 'exit' && exit?.signal === 'SIGKILL',
      error: exit?.error ?? null,
      durationMs: Math.round(performance.now() - started),
      outputBytes: kept.total,
      omittedBytes: kept.omitted,
      logError: kept.error,
      lastLines: lastLines(kept),
      leftRunning: by === 'exit' ? left.found : [],
      unkillable: left.left,
    };
  }

  /** Some reasons not to start it are thrown, others come as an event: too many arguments, a NUL in one of them. */
  #start(test: OwnTestCommand, surroundings: OwnTestSurroundings): ChildProcess | Error {
    const [file = '', ...args] = test.command;
    try {
      return spawn(file, args, {
        cwd: test.cwd,
        env: this.#environment(test, surroundings),
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #environment(test: OwnTestCommand, { nodes, families }: OwnTestSurroundings): NodeJS.ProcessEnv {
    const { runId, env, kubeconfigFile, reportDir } = this.#options;
    return {
      ...env,
      ...test.env,
      KUBECONFIG: kubeconfigFile,
      TWINSTACK_NODES: nodes.join(' '),
      TWINSTACK_FAMILIES: families.join(' '),
      TWINSTACK_RUN: runId,
      TWINSTACK_REPORT_DIR: reportDir,
      [TEST_MARK]: testMark(runId, test.number),
    };
  }
}

interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly error: string | null;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, error: null }));
    child.once('error', (error) => {
      // An error of a signal that could not be sent is no end.
      if (child.pid === undefined) resolve({ exitCode: null, signal: null, error: error.message });
    });
  });
}

/** Its end, its deadline or the run's: whichever comes first. */
async function firstOf(
  exited: Promise<Exit>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ by: By; ended: Exit | null }> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const cut = new Promise<By>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), timeoutMs);
    onAbort = () => resolve('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    const first = await Promise.race([exited, cut]);
    if (typeof first === 'string') return { by: first, ended: null };
    return { by: first.error === null ? 'exit' : 'not-started', ended: first };
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

/** Keeps and shows what a test prints, without secrets. `end` holds whoever still has the other ends open. */
function followOutput(
  child: ChildProcess,
  kept: KeptOutput,
  secrets: () => Iterable<string>,
  onLine: (line: string) => void,
): { readonly closed: Promise<void>; end(): void } {
  const shown = new ShownLines((line) => onLine(printable(line)));
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const followed = streams.map((stream) => {
    const filter = new SecretFilter(secrets);
    const splitter = new LineSplitter(shown);
    const take = (bytes: Buffer): void => {
      kept.write(bytes);
      splitter.write(bytes);
    };
    stream.on('data', (chunk: Buffer) => take(filter.write(chunk)));
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    const end = (): void => {
      stream.removeAllListeners('data');
      stream.destroy();
      take(filter.end());
      splitter.end();
    };
    return { closed, end };
  });
  return {
    closed: Promise.all(followed.map(({ closed }) => closed)).then(() => undefined),
    end: () => {
      for (const { end } of followed) end();
      kept.close();
    },
  };
}

/** The end of the output, for the report; a character that the beginning cuts is left out. */
function lastLines(kept: KeptOutput): string[] {
  const text = kept.last(LAST_BYTES).toString('utf8');
  const lines = printable(kept.total > LAST_BYTES ? text.replace(/^\ufffd+/, '') : text).split('\n');
  return lines
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-LAST_LINES);
}
