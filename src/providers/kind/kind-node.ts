import { packNodeFiles } from '../node-files.ts';
import { converseInNode } from '../node-conversation.ts';
import type { ContainerProgram } from './container-client.ts';
import type { CallOptions, Node, NodeFile, NodeProgram } from '../provider.ts';
import type { StartedAs } from '../terminal-program.ts';
import type { Conversation } from '../../dialogue/conversation.ts';
import type { CommandOptions, CommandResult, CommandRunner } from '../../process/command-runner.ts';

/** The client's arguments for a program in a node; privileged, as kind's own calls are. */
export function execArguments(
  node: string,
  command: readonly string[],
  flags: readonly string[] = [],
): string[] {
  return ['exec', '--privileged', ...flags, node, ...command];
}

function environmentFlags(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}

/** A container that kind has made a node of: programs run in it through `docker exec`, without a terminal. */
export class KindNode implements Node {
  readonly name: string;
  readonly #runner: CommandRunner;
  readonly #program: ContainerProgram;

  constructor(name: string, runner: CommandRunner, program: ContainerProgram) {
    this.name = name;
    this.#runner = runner;
    this.#program = program;
  }

  run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    const { env, cwd, ...rest } = options;
    const flags = [
      ...(options.input === undefined && options.inputFile === undefined ? [] : ['--interactive']),
      ...(cwd === undefined ? [] : ['--workdir', cwd]),
      ...environmentFlags(env ?? {}),
    ];
    // The client's end does not end the program inside: so its deadline goes with it.
    const deadline = ['timeout', '--kill-after=1', String(Math.ceil(options.timeoutMs / 1000))];
    return this.#runner.run(
      this.#program,
      execArguments(this.name, [...deadline, file, ...args], flags),
      rest,
    );
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
      file: this.#program,
      args: execArguments(this.name, [file, ...args], ['--interactive', ...environmentFlags(env)]),
    });
    return converseInNode(this, program, clientOf, options);
  }
}
