import { converseInNode } from './node-conversation.ts';
import { packNodeFiles } from './node-files.ts';
import type { CallOptions, Node, NodeFile, NodeProgram } from './provider.ts';
import type { StartedAs } from './terminal-program.ts';
import type { Conversation } from '../dialogue/conversation.ts';
import type { CommandOptions, CommandResult, CommandRunner } from '../process/command-runner.ts';

/** A program that an engine's client is to run in a node, without a terminal. */
export interface NodeCall {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Null for the client's own choice. */
  readonly cwd: string | null;
  /** Whether the program reads what it is given. */
  readonly input: boolean;
  /** The program's own deadline; null where somebody else sees to it. */
  readonly timeoutMs: number | null;
}

/** An environment as the clients' flags, which are the same for all of them. */
export function environmentFlags(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}

/** A node that programs are run in through its engine's client. */
export abstract class ClientNode implements Node {
  readonly name: string;
  readonly #runner: CommandRunner;
  readonly #client: string;

  /** @param client the engine's client program. */
  constructor(name: string, runner: CommandRunner, client: string) {
    this.name = name;
    this.#runner = runner;
    this.#client = client;
  }

  /** The client's arguments for a call. */
  protected abstract argumentsOf(call: NodeCall): string[];

  run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    const { env = {}, cwd = null, ...rest } = options;
    const call = {
      command: [file, ...args],
      env,
      cwd,
      input: options.input !== undefined || options.inputFile !== undefined,
      timeoutMs: options.timeoutMs,
    };
    return this.#runner.run(this.#client, this.argumentsOf(call), rest);
  }

  async writeFiles(files: readonly NodeFile[], options: CallOptions): Promise<void> {
    const input = await packNodeFiles(files);
    await this.run('tar', ['--extract', '--file=-', '--directory=/', '--no-same-owner'], {
      ...options,
      input,
    });
  }

  converse(program: NodeProgram, options: CallOptions): Promise<Conversation> {
    const clientOf = ({ file, args, env }: StartedAs): { file: string; args: string[] } => ({
      file: this.#client,
      args: this.argumentsOf({ command: [file, ...args], env, cwd: null, input: true, timeoutMs: null }),
    });
    return converseInNode(this, program, clientOf, options);
  }
}
