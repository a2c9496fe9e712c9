import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The checkout's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the compiled program printed and how it ended. */
export interface EntryResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiled program at work. */
export interface RunningEntry {
  readonly child: ChildProcess;
  readonly result: Promise<EntryResult>;
  /** Resolves once standard error matches; rejects with what was printed when the program ends before that. */
  stderrMatches(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Which checkout's entry is started, and what starts it, such as a program that changes the user. */
export interface EntryPlace {
  readonly cwd?: string;
  readonly prefix?: readonly string[];
}

/** Starts the real entry as a child process, without a terminal. */
export function startEntry(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  { cwd = ROOT, prefix = [] }: EntryPlace = {},
): RunningEntry {
  const [file = '', ...rest] = [...prefix, process.execPath, 'dist/cli.js', ...args];
  const child = spawn(file, rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    for (const look of waiting) look();
  });
  const result = once(child, 'close').then(([status]) => {
    for (const look of waiting) look();
    return { status: status as number | null, stdout, stderr };
  });
  return {
    child,
    result,
    stderrMatches: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stderr);
          if (match !== null) resolve(match);
          else if (child.exitCode !== null) reject(new Error(`ended before ${String(pattern)}:\n${stderr}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Runs the real entry to its end. */
export function runEntry(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  place: EntryPlace = {},
): Promise<EntryResult> {
  return startEntry(args, env, place).result;
}
