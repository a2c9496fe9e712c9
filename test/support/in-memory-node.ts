import { CommandError } from '../../src/process/command-runner.ts';
import type { CommandOptions, CommandResult } from '../../src/process/command-runner.ts';
import type { Conversation } from '../../src/dialogue/conversation.ts';
import type { CallOptions, Node, NodeFile, NodeProgram } from '../../src/providers/provider.ts';

/** What a program does in a node: its end, or an error. */
export type Program = (call: {
  readonly node: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly onLine: NonNullable<CommandOptions['onLine']>;
}) => Promise<Partial<CommandResult>>;

/** A node whose programs are functions. */
export class InMemoryNode implements Node {
  readonly name: string;
  readonly #program: Program;
  readonly #before: (call: 'run' | 'writeFiles', options: CallOptions) => Promise<void>;

  constructor(
    name: string,
    program: Program,
    before: (call: 'run' | 'writeFiles', options: CallOptions) => Promise<void>,
  ) {
    this.name = name;
    this.#program = program;
    this.#before = before;
  }

  async run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    await this.#before('run', options);
    const { signal, onLine = () => undefined } = options;
    const ended = await this.#program({ node: this.name, file, args, signal, onLine });
    const result = { exitCode: 0, stdout: '', stderr: '', durationMs: 1, ...ended };
    const accepted = options.accept ?? [0];
    if (accepted === 'any' || accepted.includes(result.exitCode)) return result;
    const message = `${file} ended with status ${result.exitCode}: ${result.stderr}`;
    throw new CommandError(message, { ...result, kind: 'exit', command: [file, ...args] });
  }

  async converse(_program: NodeProgram, options: CallOptions): Promise<Conversation> {
    await this.#before('run', options);
    throw new Error(`no program can be talked to in ${this.name}`);
  }

  async writeFiles(_files: readonly NodeFile[], options: CallOptions): Promise<void> {
    await this.#before('writeFiles', options);
  }
}
