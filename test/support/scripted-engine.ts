import {
  CommandError,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from '../../src/process/command-runner.ts';

/** What a program of a test's own says; it ends with status 0 where nothing else is written. */
export interface Said {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

/** One call, as it was made. */
export interface MadeCall {
  readonly command: string;
  readonly options: CommandOptions;
}

/** A runner whose programs are a function, with the same errors as the real one; it remembers its calls. */
export class ScriptedEngine implements CommandRunner {
  readonly calls: MadeCall[] = [];
  readonly #say: (command: string, options: CommandOptions) => Said | Promise<Said>;

  /** @param say gets the whole command, its words with a space between. */
  constructor(say: (command: string, options: CommandOptions) => Said | Promise<Said>) {
    this.#say = say;
  }

  get commands(): string[] {
    return this.calls.map(({ command }) => command);
  }

  async run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    const words = [file, ...args];
    const command = words.join(' ');
    this.calls.push({ command, options });
    const { stdout = '', stderr = '', exitCode = 0 } = await this.#say(command, options);
    const accepted = options.accept ?? [0];
    if (accepted === 'any' || accepted.includes(exitCode)) return { exitCode, stdout, stderr, durationMs: 1 };
    const message = `${file} ended with status ${exitCode}: ${stderr.trim().split('\n').at(-1) ?? ''}`;
    throw new CommandError(message, { kind: 'exit', command: words, exitCode, stdout, stderr });
  }
}

/** A list of objects as clients print it. */
export function printed(...objects: readonly unknown[]): Said {
  return { stdout: `${JSON.stringify(objects)}\n` };
}
