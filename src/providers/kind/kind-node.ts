import { ClientNode, environmentFlags, type NodeCall } from '../client-node.ts';

/** The client's arguments for a program in a node; privileged, as kind's own calls are. */
export function execArguments(
  node: string,
  command: readonly string[],
  flags: readonly string[] = [],
): string[] {
  return ['exec', '--privileged', ...flags, node, ...command];
}

/** A container that kind has made a node of: programs run in it through `docker exec`. */
export class KindNode extends ClientNode {
  protected argumentsOf({ command, env, cwd, input, timeoutMs }: NodeCall): string[] {
    const flags = [
      ...(input ? ['--interactive'] : []),
      ...(cwd === null ? [] : ['--workdir', cwd]),
      ...environmentFlags(env),
    ];
    // The client's end does not end the program inside: so its deadline goes with it.
    const deadline =
      timeoutMs === null ? [] : ['timeout', '--kill-after=1', String(Math.ceil(timeoutMs / 1000))];
    return execArguments(this.name, [...deadline, ...command], flags);
  }
}
