import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { execa } from 'execa';
import type { Readable } from 'node:stream';
import { CapturedOutput } from './captured-output.ts';
import {
  CommandError,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from './command-runner.ts';

/** Output of one program that we keep in memory; a program that prints more is ended. */
const MAX_OUTPUT_CHARACTERS = 64 * 1024 * 1024;

/** How long a program that was asked to end may take before it is killed, in milliseconds. */
const KILL_DELAY_MS = 3000;

/** How long the output of a program that has ended may stay open: its own children may have inherited it. Milliseconds. */
const DRAIN_MS = 500;

/** The part of execa's subprocess that is used here: its own type depends on every option. */
interface Subprocess {
  readonly pid?: number | undefined;
  readonly spawnargs: readonly string[];
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  once(event: 'exit', listener: () => void): unknown;
}

/** Why we ended a program ourselves. */
type Ending = { readonly kind: 'aborted' } | { readonly kind: 'timeout' } | { readonly error: unknown };

/**
 * Runs programs on this host through execa. Standard input is closed unless `input` is given: `lxc init`, `lxc profile create`
 * and others read YAML from a standard input that is not a terminal, and would wait for ever.
 */
export class HostCommandRunner implements CommandRunner {
  async run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    options.signal.throwIfAborted();
    if (options.inputFile === undefined) return await this.#run(file, args, options, 'ignore');
    const handle = await open(options.inputFile, 'r').catch((error: Error) => {
      throw new CommandError(`can't give ${file} its input: ${error.message}`, {
        kind: 'not-found',
        command: [file, ...args],
      });
    });
    try {
      // Of this stream only its file is taken: the program reads it, and not we.
      return await this.#run(file, args, options, createReadStream('', { fd: handle.fd, autoClose: false }));
    } finally {
      await handle.close();
    }
  }

  async #run(
    file: string,
    args: readonly string[],
    options: CommandOptions,
    stdin: 'ignore' | Readable,
  ): Promise<CommandResult> {
    const started = performance.now();
    const subprocess = execa(file, [...args], {
      ...(options.input === undefined ? { stdin } : { input: options.input }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...options.env },
      buffer: false,
      reject: false,
      // A group of its own: a Ctrl-C at a terminal reaches the whole foreground group, and our children must outlive it for the
      // clean-up to be ours. Execa's own timeout and cancelSignal would reach the program alone and not what it started.
      detached: true,
    });
    const group = new ProcessGroup(subprocess);
    const captured = capture(subprocess, options, (error) => group.end({ error }));
    const timer = setTimeout(() => group.end({ kind: 'timeout' }), options.timeoutMs);
    const onAbort = (): void => group.end({ kind: 'aborted' });
    options.signal.addEventListener('abort', onAbort, { once: true });
    try {
      const result = await subprocess;
      for (const output of Object.values(captured)) output.end();
      const stdout = captured.stdout.text();
      const stderr = captured.stderr.text();
      const durationMs = Math.round(performance.now() - started);
      return verdict([file, ...args], options, { ...result, stdout, stderr, durationMs }, group.ending);
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      group.close();
    }
  }
}

/** A program and everything that it started. */
class ProcessGroup {
  ending: Ending | null = null;
  readonly #subprocess: Subprocess;
  #killer: NodeJS.Timeout | undefined;
  #drain: NodeJS.Timeout | undefined;

  constructor(subprocess: Subprocess) {
    this.#subprocess = subprocess;
    // The pipes stay open as long as any child of the program holds them, which may be for ever.
    subprocess.once('exit', () => {
      this.#drain = setTimeout(() => {
        subprocess.stdout?.destroy();
        subprocess.stderr?.destroy();
      }, DRAIN_MS);
    });
  }

  /** Asks the whole group to end, and kills it if it does not. Only the first reason counts. */
  end(ending: Ending): void {
    if (this.ending !== null) return;
    this.ending = ending;
    this.#signal('SIGTERM');
    this.#killer = setTimeout(() => this.#signal('SIGKILL'), KILL_DELAY_MS);
  }

  /** The program is gone: so must be what it started, if it was us who ended it. What ended by itself may leave a daemon behind. */
  close(): void {
    clearTimeout(this.#killer);
    clearTimeout(this.#drain);
    if (this.ending !== null) this.#signal('SIGKILL');
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#subprocess;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // ESRCH: nothing is left. EPERM: all that is left runs as another user, as below sudo, which passes signals on itself.
    }
  }
}

/** Collects both streams; `fail` is told what a reader of lines threw, or that there is too much. */
function capture(
  subprocess: Subprocess,
  { onLine }: CommandOptions,
  fail: (error: unknown) => void,
): Record<'stdout' | 'stderr', CapturedOutput> {
  const follow = (name: 'stdout' | 'stderr'): CapturedOutput => {
    const output = new CapturedOutput(onLine === undefined ? undefined : (line) => onLine(line, name));
    subprocess[name]?.on('data', (chunk: Buffer) => {
      try {
        output.write(chunk);
        if (output.length > MAX_OUTPUT_CHARACTERS) {
          const command = subprocess.spawnargs;
          const message = `${command[0]} printed more than ${MAX_OUTPUT_CHARACTERS} characters`;
          throw new CommandError(message, { kind: 'signal', command });
        }
      } catch (error) {
        subprocess[name]?.destroy();
        fail(error);
      }
    });
    return output;
  };
  return { stdout: follow('stdout'), stderr: follow('stderr') };
}

/** What is known of a program that is gone; `code` is the system's, such as ENOENT. */
interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly shortMessage?: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** What the call came to: the result, or the error that says why there is none. */
function verdict(
  command: readonly string[],
  options: CommandOptions,
  ended: Ended,
  ending: Ending | null,
): CommandResult {
  const file = command[0] ?? '';
  const { exitCode, stdout, stderr, durationMs } = ended;
  if (ending !== null && 'error' in ending) throw ending.error;
  if (ending?.kind === 'aborted') options.signal.throwIfAborted();
  if (ending?.kind === 'timeout') {
    const message = `${file} did not end within ${options.timeoutMs / 1000} s`;
    throw new CommandError(message, { kind: 'timeout', command, stdout, stderr });
  }
  const accepted = options.accept ?? [0];
  if (exitCode !== undefined && (accepted === 'any' || accepted.includes(exitCode))) {
    return { exitCode, stdout, stderr, durationMs };
  }
  if (exitCode === undefined && ended.code === 'ENOENT') {
    throw new CommandError(`${file} is not installed (not found in PATH)`, { kind: 'not-found', command });
  }
  if (exitCode === undefined) {
    const why =
      ended.signal === undefined
        ? (ended.shortMessage ?? 'could not be started')
        : `was ended by ${ended.signal}`;
    throw new CommandError(`${file} ${why}`, { kind: 'signal', command, stdout, stderr });
  }
  const said = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
  const message = `${file} ended with status ${exitCode}${said === '' ? '' : `: ${said}`}`;
  throw new CommandError(message, { kind: 'exit', command, exitCode, stdout, stderr });
}
