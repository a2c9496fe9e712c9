import { formatPath, parsePath } from './document-path.ts';
import type { DocumentPath } from './document-path.ts';
import { makeProblem, printable } from './problem.ts';
import type { Position, Problem } from './problem.ts';
import { readYaml } from './read-yaml.ts';
import type { YamlTree } from './yaml-tree.ts';

/** Where a value of `--set` is: there is no file and no line. */
const OVERRIDE_POSITION: Position = { file: '--set', line: 1, column: 1 };

/** All of a tree at one position. */
function moved(tree: YamlTree, position: Position): YamlTree {
  switch (tree.kind) {
    case 'scalar':
      return { ...tree, position };
    case 'list':
      return { ...tree, position, items: tree.items.map((item) => moved(item, position)) };
    case 'map': {
      const entries = [...tree.entries].map(
        ([key, entry]) => [key, { keyPosition: position, value: moved(entry.value, position) }] as const,
      );
      return { ...tree, position, entries: new Map(entries) };
    }
  }
}

/** A value that holds nothing but the one at the path. */
function wrap(path: DocumentPath, value: YamlTree): YamlTree | string {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  const inner = wrap(rest, value);
  if (typeof inner === 'string') return inner;
  const position = OVERRIDE_POSITION;
  if (typeof part === 'string') {
    return { kind: 'map', position, entries: new Map([[part, { keyPosition: position, value: inner }]]) };
  }
  const list: YamlTree = { kind: 'list', position, items: [inner] };
  return part === 0 ? list : 'the file has no such list, so write the whole list: path=[first, second]';
}

/** The tree with the value at the path, or why there is no such place. */
function withValue(
  tree: YamlTree,
  path: DocumentPath,
  value: YamlTree,
  done: DocumentPath = [],
): YamlTree | string {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  const here = formatPath(done) || 'the document';
  if (tree.kind === 'scalar' && tree.value === null) return wrap(path, value);
  if (typeof part === 'number') {
    if (tree.kind !== 'list') return `${here} is not a list`;
    if (part > tree.items.length)
      return `${here} has ${tree.items.length} items, counted from 0: the next one is [${tree.items.length}]`;
    const item = tree.items[part];
    const changed = item === undefined ? wrap(rest, value) : withValue(item, rest, value, [...done, part]);
    if (typeof changed === 'string') return changed;
    return { ...tree, items: [...tree.items.slice(0, part), changed, ...tree.items.slice(part + 1)] };
  }
  if (tree.kind === 'list') return `${here} is a list: name an item as ${here}[0]`;
  if (tree.kind === 'scalar') return `${here} is a single value and has no keys`;
  const entry = tree.entries.get(part);
  const changed =
    entry === undefined ? wrap(rest, value) : withValue(entry.value, rest, value, [...done, part]);
  if (typeof changed === 'string') return changed;
  const keyPosition = entry?.keyPosition ?? OVERRIDE_POSITION;
  return { ...tree, entries: new Map(tree.entries).set(part, { keyPosition, value: changed }) };
}

/** A document, and what could not be put into it. */
export interface Overridden {
  readonly tree: YamlTree;
  readonly problems: readonly Problem[];
}

function applyOverride(tree: YamlTree, text: string): Overridden {
  const refuse = (path: DocumentPath, ...messages: readonly string[]): Overridden => ({
    tree,
    problems: messages.map((message) =>
      makeProblem({ rule: 'override', path, position: OVERRIDE_POSITION, message }),
    ),
  });
  const equals = text.indexOf('=');
  if (equals < 0)
    return refuse([], `${printable(text)} has no value: write path=value, such as nodes.workers=2`);
  const [pathText, valueText] = [text.slice(0, equals), text.slice(equals + 1)];
  const path = parsePath(pathText);
  if (path === null) {
    return refuse(
      [],
      `${printable(pathText)} is no path: write keys with dots between and items as [0], such as network.pods[0]`,
    );
  }
  if (valueText.trim() === '')
    return refuse(path, "a value is missing after the =; an empty text is written ''");
  const value = readYaml(valueText, OVERRIDE_POSITION.file);
  if (value.tree === null || value.problems.length > 0) {
    return refuse(path, ...value.problems.map(({ message }) => `${printable(valueText)}: ${message}`));
  }
  const changed = withValue(tree, path, moved(value.tree, OVERRIDE_POSITION));
  return typeof changed === 'string' ? refuse(path, changed) : { tree: changed, problems: [] };
}

/**
 * The document with the values of `--set path=value` in place, each value read as YAML, in the order given. What they bring is
 * positioned at `--set:1:1`. A list grows by one item at a time. What can't be applied is a problem of rule `override`.
 */
export function applyOverrides(tree: YamlTree, overrides: readonly string[]): Overridden {
  return overrides.reduce<Overridden>(
    (done, override) => {
      const next = applyOverride(done.tree, override);
      return { tree: next.tree, problems: [...done.problems, ...next.problems] };
    },
    { tree, problems: [] },
  );
}
