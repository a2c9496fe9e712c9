/** What a command runner needs to know of one call. Every call has a deadline and can be aborted. */
export interface CommandOptions {
  /** Deadline in milliseconds; when it passes the program is ended and the call rejects with {@link CommandError}. */
  readonly timeoutMs: number;
  /** Ends the program when aborted; the call then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Written to the program's standard input, which is otherwise closed (never inherited). */
  readonly input?: string | Uint8Array;
  /** Path of a file on this host that the program's standard input is, instead of `input`; it is never held in memory. */
  readonly inputFile?: string;
  /** Added to the environment that the program inherits. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Exit statuses that count as success; the default is only 0. `any` accepts each one. */
  readonly accept?: readonly number[] | 'any';
  /** Called for each line that the program prints, while it runs. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** What a finished program left. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** Runs programs: on this host, or inside a node. Arguments are an array and never pass through a shell. */
export interface CommandRunner {
  /** @throws {CommandError} when the program can't be started, ends with a status that was not accepted, or is out of time. */
  run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult>;
}

/** A program that could not be started, failed, or ran out of time. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly kind: 'not-found' | 'exit' | 'signal' | 'timeout';
  readonly command: readonly string[];
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(
    message: string,
    details: {
      kind: CommandError['kind'];
      command: readonly string[];
      exitCode?: number | null;
      stdout?: string;
      stderr?: string;
    },
  ) {
    super(message);
    this.kind = details.kind;
    this.command = details.command;
    this.exitCode = details.exitCode ?? null;
    this.stdout = details.stdout ?? '';
    this.stderr = details.stderr ?? '';
  }

  /** The last non-empty lines that the program printed, standard error first: what a reader needs to see. */
  lastLines(count = 8): string[] {
    const lines = (this.stderr.trim() || this.stdout.trim()).split('\n').filter((line) => line.trim() !== '');
    return lines.slice(-count);
  }
}
