import { formatPath } from './document-path.ts';
import type { DocumentPath } from './document-path.ts';
import type { Position } from './problem.ts';

/** A YAML document as plain data in which everything knows where it was written. Aliases are replaced by what they stand for. */
export type YamlTree = YamlMap | YamlList | YamlScalar;

export interface YamlMap {
  readonly kind: 'map';
  readonly position: Position;
  readonly entries: ReadonlyMap<string, YamlEntry>;
}

export interface YamlEntry {
  readonly keyPosition: Position;
  readonly value: YamlTree;
}

export interface YamlList {
  readonly kind: 'list';
  readonly position: Position;
  readonly items: readonly YamlTree[];
}

export interface YamlScalar {
  readonly kind: 'scalar';
  /** Where the value is; where its key is when the value is missing. */
  readonly position: Position;
  readonly value: string | number | boolean | null;
  /** The text in the file, for messages: the number 1.10 is 1.1 as a value. */
  readonly source: string;
}

/** The child of a node by key or index; undefined where there is none. */
export function childOf(tree: YamlTree, part: string | number): YamlTree | undefined {
  if (tree.kind === 'map') return tree.entries.get(String(part))?.value;
  if (tree.kind === 'list' && typeof part === 'number') return tree.items[part];
  return undefined;
}

/** The node at a path; undefined where there is none. */
export function nodeAt(tree: YamlTree, path: DocumentPath): YamlTree | undefined {
  return path.reduce<YamlTree | undefined>(
    (node, part) => (node === undefined ? undefined : childOf(node, part)),
    tree,
  );
}

/** Where the value at a path is. Where there is no such value: where the key of the nearest one around it is. */
export function positionOf(tree: YamlTree, path: DocumentPath): Position {
  const node = nodeAt(tree, path);
  if (node !== undefined) return node.position;
  for (let length = path.length - 1; length > 0; length -= 1) {
    const around = path.slice(0, length);
    if (nodeAt(tree, around) !== undefined) return keyPositionOf(tree, around);
  }
  return tree.position;
}

/** Where the key at a path is; for the items of a list and for the document itself, where the value is. */
export function keyPositionOf(tree: YamlTree, path: DocumentPath): Position {
  const parent = nodeAt(tree, path.slice(0, -1));
  const key = path.at(-1);
  const entry = parent?.kind === 'map' && key !== undefined ? parent.entries.get(String(key)) : undefined;
  return entry?.keyPosition ?? positionOf(tree, path);
}

/** The document as values. Keys such as `__proto__` become keys like any other. */
export function toPlain(tree: YamlTree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree.items.map(toPlain);
    case 'map':
      return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, toPlain(entry.value)]));
  }
}

/** The tree without the map entries at these paths; what is below a list can't be taken out. */
export function withoutEntries(tree: YamlTree, paths: readonly DocumentPath[]): YamlTree {
  const removed = new Set(paths.map(formatPath));
  const prune = (node: YamlTree, path: DocumentPath): YamlTree => {
    if (node.kind !== 'map') return node;
    const kept = [...node.entries].flatMap(([key, entry]): [string, YamlEntry][] => {
      const here = [...path, key];
      return removed.has(formatPath(here)) ? [] : [[key, { ...entry, value: prune(entry.value, here) }]];
    });
    return { ...node, entries: new Map(kept) };
  };
  return prune(tree, []);
}
