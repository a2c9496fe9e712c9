import { readdir, readFile } from 'node:fs/promises';
import { waitUntil, WaitTimeoutError } from '../run/wait-until.ts';

/** In the environment of every process of a user's test: what makes it ours to end, also when its parents are gone. */
export const TEST_MARK = 'TWINSTACK_TEST';

/** A process that is running. */
export interface RunningProcess {
  readonly pid: number;
  /** The program's own name for itself, as the kernel cuts it. */
  readonly name: string;
}

/** Whose processes are looked for: those of one test, or of all tests of a run. */
export interface ProcessSearch {
  /** The value of {@link TEST_MARK}, or its beginning up to the slash. */
  readonly mark: string;
  /** The leader of the session and process group that the test was started in; null where it is not known any more. */
  readonly session: number | null;
}

/** The value of {@link TEST_MARK} for a run's nth test. */
export function testMark(runId: string, number: number): string {
  return `${runId}/${number}`;
}

/** The value of {@link TEST_MARK} for a program of ours that goes on by itself when a run is killed. */
export function programMark(runId: string, program: string): string {
  return `${runId}/${program}`;
}

/** All processes that belong to a run's tests and programs, whoever is left of them. */
export function searchForRun(runId: string): ProcessSearch {
  return { mark: `${runId}/`, session: null };
}

const KILL_TIMEOUT_MS = 5000;
const LOOK_MS = 50;

/**
 * Every process of a test: by its session and group, by its parents, and by its environment, which a process that left all of these
 * still has. Linux's /proc is the only place that knows. What emptied its environment as well is not found.
 */
export async function findProcesses({ mark, session }: ProcessSearch): Promise<RunningProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const seen = (await Promise.all(pids.map((pid) => describe(pid, mark)))).filter((found) => found !== null);
  const spared = ancestorsOf(process.pid, seen);
  const ours = new Set<number>();
  for (const { pid, marked, group, session: itsSession } of seen) {
    if (marked || (session !== null && (group === session || itsSession === session))) ours.add(pid);
  }
  // A child may stand before its parent in the list.
  for (let before = -1; before !== ours.size;) {
    before = ours.size;
    for (const { pid, parent } of seen) if (ours.has(parent)) ours.add(pid);
  }
  return seen.filter(({ pid }) => ours.has(pid) && !spared.has(pid)).map(({ pid, name }) => ({ pid, name }));
}

/** How {@link endProcesses} ends them. */
export interface EndingOptions {
  /** The signal to begin with. */
  readonly signal: 'SIGINT' | 'SIGTERM';
  /** How long they may take to end by themselves, in milliseconds; then they are killed. */
  readonly graceMs: number;
  /** Aborted when nobody wants to wait: then they are killed at once. */
  readonly hurry: AbortSignal;
}

/** Ends every process of a test. @returns what was there, and what is left of it all the same. Never rejects. */
export async function endProcesses(
  search: ProcessSearch,
  { signal, graceMs, hurry }: EndingOptions,
): Promise<{ readonly found: readonly RunningProcess[]; readonly left: readonly RunningProcess[] }> {
  const found = await findProcesses(search);
  if (found.length === 0) return { found, left: [] };
  const groupToo = search.session === null ? [] : [-search.session];
  send(signal, [...new Set([...groupToo, ...found.map(({ pid }) => pid)])]);
  await untilGone(search, graceMs, hurry, () => undefined);
  const never = new AbortController().signal;
  // What forks faster than we look needs more than one round.
  const left = await untilGone(search, KILL_TIMEOUT_MS, never, (running) =>
    send('SIGKILL', [...groupToo, ...running.map(({ pid }) => pid)]),
  );
  return { found, left };
}

async function untilGone(
  search: ProcessSearch,
  timeoutMs: number,
  signal: AbortSignal,
  onRunning: (running: readonly RunningProcess[]) => void,
): Promise<readonly RunningProcess[]> {
  let running: readonly RunningProcess[] = [];
  try {
    await waitUntil(
      async () => {
        running = await findProcesses(search);
        if (running.length === 0) return { met: true, value: null };
        onRunning(running);
        return { met: false, missing: running.map(({ pid, name }) => `${pid} ${name}`).join(', ') };
      },
      { condition: "the test's processes have ended", timeoutMs, intervalMs: LOOK_MS, signal },
    );
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) && !signal.aborted) throw error;
  }
  return running;
}

function send(signal: NodeJS.Signals, targets: readonly number[]): void {
  for (const target of targets) {
    try {
      process.kill(target, signal);
    } catch {
      // ESRCH: it has ended. EPERM: it runs as another user; the next look finds it, and it is told.
    }
  }
}

interface SeenProcess extends RunningProcess {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly marked: boolean;
}

/** A process as /proc has it; null when it has ended, a zombie included. */
async function describe(pid: number, mark: string): Promise<SeenProcess | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name stands in parentheses and may hold anything, parentheses too.
    const end = stat.lastIndexOf(')');
    const [state = '', parent, group, session] = stat.slice(end + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    return {
      pid,
      name: stat.slice(stat.indexOf('(') + 1, end),
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      marked: await hasMark(pid, mark),
    };
  } catch {
    return null;
  }
}

/** Whether a process of this user carries the mark. Others' environments can't be read, or in root's case need not be. */
async function hasMark(pid: number, mark: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return environment.split('\0').some((entry) => isMarked(entry, mark));
}

function isMarked(entry: string, mark: string): boolean {
  const start = `${TEST_MARK}=`;
  if (!entry.startsWith(start)) return false;
  const value = entry.slice(start.length);
  return mark.endsWith('/') ? value.startsWith(mark) : value === mark;
}

/** A process and those above it: nobody ends himself, or the shell that he was started from. */
function ancestorsOf(pid: number, seen: readonly SeenProcess[]): Set<number> {
  const parents = new Map(seen.map((process) => [process.pid, process.parent]));
  const found = new Set<number>();
  for (let next: number | undefined = pid; next !== undefined && !found.has(next); next = parents.get(next)) {
    found.add(next);
  }
  return found;
}
