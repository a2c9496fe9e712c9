import { packNodeFiles } from '../node-files.ts';
import { PROJECT } from './lxc-client.ts';
import { converseInNode } from '../node-conversation.ts';
import type { CallOptions, Node, NodeFile, NodeProgram } from '../provider.ts';
import type { StartedAs } from '../terminal-program.ts';
import type { Conversation } from '../../dialogue/conversation.ts';
import type { CommandOptions, CommandResult, CommandRunner } from '../../process/command-runner.ts';

/** The client's `exec` for a program without a terminal. */
export function execArguments(
  instance: string,
  file: string,
  args: readonly string[],
  flags: readonly string[],
): string[] {
  return [
    'exec',
    '--project',
    PROJECT,
    '--force-noninteractive',
    ...flags,
    `local:${instance}`,
    '--',
    file,
    ...args,
  ];
}

function environmentFlags(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}

/** A system container: programs run in it through the client's `exec`, without a terminal, with separate output streams. */
export class LxcNode implements Node {
  readonly name: string;
  readonly #client: string;
  readonly #runner: CommandRunner;

  /** @param client the engine's client program. */
  constructor(name: string, client: string, runner: CommandRunner) {
    this.name = name;
    this.#client = client;
    this.#runner = runner;
  }

  run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    const { env, cwd, ...rest } = options;
    const flags = [
      ...(options.input === undefined && options.inputFile === undefined ? ['--disable-stdin'] : []),
      ...(cwd === undefined ? [] : ['--cwd', cwd]),
      ...environmentFlags(env ?? {}),
    ];
    // Ending the local client makes the daemon kill the program inside, so a deadline here is a deadline there.
    return this.#runner.run(this.#client, execArguments(this.name, file, args, flags), rest);
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
      args: execArguments(this.name, file, args, environmentFlags(env)),
    });
    return converseInNode(this, program, clientOf, options);
  }
}
