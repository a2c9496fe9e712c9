import type { DocumentPath } from './document-path.ts';
import { applyOverrides } from './overrides.ts';
import type { Position } from './problem.ts';
import { readYaml } from './read-yaml.ts';
import { positionOf } from './yaml-tree.ts';

/** Where a value of a scenario file was written, for whoever finds something wrong with it after it was read: `--set` has a place too. */
export function locate(
  { text, file, overrides = [] }: { text: string; file: string; overrides?: readonly string[] },
  path: DocumentPath,
): Position {
  const { tree } = readYaml(text, file);
  if (tree === null) return { file, line: 1, column: 1 };
  return positionOf(applyOverrides(tree, overrides).tree, path);
}
