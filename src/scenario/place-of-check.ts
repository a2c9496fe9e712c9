import { readYaml } from './read-yaml.ts';
import { nodeAt, positionOf } from './yaml-tree.ts';
import type { DocumentPath } from './document-path.ts';
import type { Position } from './problem.ts';

/** What in a scenario asks for the checks of each subject, the most exact first. */
const ASKED_BY: Readonly<Record<string, readonly DocumentPath[]>> = {
  service: [['workloads'], ['network', 'services'], ['network']],
  endpointslice: [['workloads'], ['network', 'services'], ['network']],
  pod: [['workloads'], ['network', 'pods'], ['network']],
  pods: [['workloads'], ['distribution']],
  node: [['network', 'pods'], ['nodes'], ['network']],
  egress: [['egress']],
  test: [['tests']],
};

/** The line of a scenario's text that asked for a check; its first line where that is not written. */
export function placeOfCheck(id: string, text: string, file: string): Position {
  return placeOf(ASKED_BY[id.split('/')[0] ?? ''] ?? [], text, file);
}

/** The line of the first of these paths that is written; the first line where none is. */
export function placeOf(paths: readonly DocumentPath[], text: string, file: string): Position {
  const { tree } = readYaml(text, file);
  const written = tree === null ? undefined : paths.find((path) => nodeAt(tree, path) !== undefined);
  if (tree === null || written === undefined) return { file, line: 1, column: 1 };
  return positionOf(tree, written);
}
