import type { Action, PlanNode } from '../plan/plan.ts';
import type { InputFile } from '../images/archive/image-archive.ts';

/** The step after which a node's files are written and what it runs is there. */
export function preparedStep(node: PlanNode): string {
  return `bootstrap/prepare/${node.shortName}`;
}

/** Runs a program in a node. */
export function exec(
  node: PlanNode,
  file: string,
  args: readonly string[],
  timeoutMs: number,
): Extract<Action, { kind: 'exec' }> {
  return { kind: 'exec', node: node.name, file, args, timeoutMs };
}

/** Copies a file of this host into a node. */
export function put(
  node: PlanNode,
  input: InputFile,
  { path, mode, timeoutMs }: { readonly path: string; readonly mode: string; readonly timeoutMs: number },
): Action {
  return { ...exec(node, 'install', ['-D', `--mode=${mode}`, '/dev/stdin', path], timeoutMs), input };
}

/** Gives a node the token that a program prints, in a file that root alone reads: it is in no argument and no event. */
export function passToken(print: Extract<Action, { kind: 'exec' }>, node: PlanNode, path: string): Action[] {
  const value = `secret.joinToken.${node.shortName}`;
  return [
    { ...print, capture: value },
    {
      kind: 'write-files',
      node: node.name,
      files: [{ path, mode: 0o600, content: `{{${value}}}\n` }],
    },
  ];
}
