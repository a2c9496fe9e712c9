import { PROJECT } from './lxc-client.ts';
import { ClientNode, environmentFlags, type NodeCall } from '../client-node.ts';

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

/** A system container: programs run in it through the client's `exec`, with separate output streams. */
export class LxcNode extends ClientNode {
  /** Ending the local client makes the daemon kill the program inside, so a deadline here is a deadline there. */
  protected argumentsOf({ command, env, cwd, input }: NodeCall): string[] {
    const [file = '', ...args] = command;
    const flags = [
      ...(input ? [] : ['--disable-stdin']),
      ...(cwd === null ? [] : ['--cwd', cwd]),
      ...environmentFlags(env),
    ];
    return execArguments(this.name, file, args, flags);
  }
}
