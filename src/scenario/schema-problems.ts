import { z } from 'zod';
import type { DocumentPath } from './document-path.ts';
import { formatPath } from './document-path.ts';
import { makeProblem, printable } from './problem.ts';
import type { Problem } from './problem.ts';
import { suggest } from './suggest.ts';
import { keyPositionOf, nodeAt, positionOf } from './yaml-tree.ts';
import type { YamlTree } from './yaml-tree.ts';

/** What the schema has against a document, and which parts of it can't be relied on because of that. */
export interface SchemaProblems {
  readonly problems: readonly Problem[];
  /** Paths of keys whose values are wrong, or that were probably meant by an unknown key. */
  readonly tainted: readonly DocumentPath[];
  /** Paths of keys to leave out so that the rest can be looked at; a list with a wrong item is left out as a whole. */
  readonly removable: readonly DocumentPath[];
}

type Issue = z.core.$ZodIssue;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
};

function describeNode(node: YamlTree | undefined): string {
  if (node === undefined) return 'nothing';
  if (node.kind === 'map') return 'keys with values';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string')
    return node.value === '' ? 'empty text' : `the text ${printable(JSON.stringify(node.value))}`;
  return typeof node.value === 'number' ? `the number ${printable(node.source)}` : printable(node.source);
}

/** What to write instead of a value of the wrong type, as an addition to the message. */
function typeAdvice(expected: string, node: YamlTree | undefined): string {
  if (node?.kind !== 'scalar') return '';
  if (node.value === null) return '; write a value or remove the key';
  const source = printable(node.source);
  if (expected === 'string') return `; put it in quotes: '${source}'`;
  // Commas are how Kubernetes' own options separate ranges, and spaces how a shell separates arguments.
  const isPlain = node.value !== '' && !/["']/.test(source);
  if (expected === 'array' && isPlain) return `; write [${source.split(/\s*,\s*|\s+/).join(', ')}]`;
  if (expected === 'boolean' && /^(yes|on)$/i.test(source)) return '; write true';
  if (expected === 'boolean' && /^(no|off)$/i.test(source)) return '; write false';
  const asNumber = typeof node.value === 'string' && /^-?\d+$/.test(node.value);
  return (expected === 'number' || expected === 'int') && asNumber ? '; remove the quotes' : '';
}

/** Without what says how a value may be absent. */
function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrapped(schema.unwrap());
  }
  return schema;
}

/** The keys that may stand at a path of the schema. */
function knownKeys(schema: unknown, path: DocumentPath): string[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => knownKeys(option, path));
  const [part, ...rest] = path;
  if (inner instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = inner.shape;
    return part === undefined ? Object.keys(shape) : knownKeys(shape[part], rest);
  }
  if (inner instanceof z.ZodArray) return part === undefined ? [] : knownKeys(inner.element, rest);
  if (inner instanceof z.ZodRecord) {
    if (part !== undefined) return knownKeys(inner.valueType, rest);
    return inner.keyType instanceof z.ZodEnum ? inner.keyType.options.map(String) : [];
  }
  return [];
}

/** Where else a key is known, for keys that were written one level too high: `pods` belongs under `network`. */
function knownElsewhere(schema: unknown, key: string): DocumentPath | null {
  const section = knownKeys(schema, []).find((candidate) => knownKeys(schema, [candidate]).includes(key));
  return section === undefined ? null : [section, key];
}

function allowedValues(values: readonly unknown[], node: YamlTree | undefined): string {
  const words = values.map(String);
  const got = node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : null;
  const near = got === null ? null : suggest(got, words);
  const list = words.length === 1 ? (words[0] ?? '') : `one of ${words.join(', ')}`;
  return `expected ${list}, got ${describeNode(node)}${near === null ? '' : `; did you mean ${near}?`}`;
}

function sizeMessage(issue: Issue & { code: 'too_small' | 'too_big' }, node: YamlTree | undefined): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const direction = issue.code === 'too_small' ? 'at least' : 'at most';
  if (issue.origin === 'array') return `must have ${direction} ${limit} ${limit === 1 ? 'item' : 'items'}`;
  return `must be ${direction} ${limit}, got ${describeNode(node)}`;
}

/** The library's own messages begin with these words; any other one was written in the schema. */
const LIBRARY_MESSAGE = /^(Invalid (input|option)|Too (small|big)|Unrecognized key)/;

function issueMessage(issue: Issue, node: YamlTree | undefined): string {
  if (issue.code === 'invalid_union' && node !== undefined) {
    return `${printable(issue.message)}, got ${describeNode(node)}`;
  }
  if (!LIBRARY_MESSAGE.test(issue.message)) return printable(issue.message);
  switch (issue.code) {
    case 'invalid_type': {
      const expected = TYPE_NAMES[issue.expected] ?? issue.expected;
      if (node === undefined) return `is missing: expected ${expected}`;
      return `expected ${expected}, got ${describeNode(node)}${typeAdvice(issue.expected, node)}`;
    }
    case 'invalid_value':
      return allowedValues(issue.values, node);
    case 'too_small':
    case 'too_big':
      return sizeMessage(issue, node);
    default:
      return printable(issue.message);
  }
}

/**
 * A union's issues in terms of the alternative that was meant: keys with values mean the one that takes them, and else nothing but
 * the union's own message says it.
 */
function withoutUnions(issue: Issue, tree: YamlTree): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const path = issue.path as DocumentPath;
  if (nodeAt(tree, path)?.kind !== 'map') return [issue];
  const meant = issue.errors.find(
    (issues) => !issues.some((inner) => inner.path.length === 0 && inner.code === 'invalid_value'),
  );
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => withoutUnions({ ...inner, path: [...path, ...inner.path] }, tree));
}

/** A list is one value: a wrong item makes what the others mean uncertain. */
function uptoList(path: DocumentPath): DocumentPath {
  const index = path.findIndex((part) => typeof part === 'number');
  return index < 0 ? path : path.slice(0, index);
}

/** Every issue as a problem in its place, with what to write instead; unknown keys one by one. */
export function schemaProblems(schema: z.ZodType, issues: readonly Issue[], tree: YamlTree): SchemaProblems {
  const problems: Problem[] = [];
  const tainted: DocumentPath[] = [];
  const removable: DocumentPath[] = [];
  const wrongTypes = new Set<string>();
  for (const issue of issues.flatMap((each) => withoutUnions(each, tree))) {
    const path = issue.path as DocumentPath;
    // The size of what has the wrong type is no second problem.
    if (wrongTypes.has(formatPath(path))) continue;
    if (issue.code === 'invalid_type') wrongTypes.add(formatPath(path));
    if (issue.code !== 'unrecognized_keys') {
      const message = issueMessage(issue, nodeAt(tree, path));
      problems.push(makeProblem({ rule: 'schema', path, position: positionOf(tree, path), message }));
      tainted.push(uptoList(path));
      removable.push(uptoList(path));
      continue;
    }
    const known = knownKeys(schema, path);
    for (const key of issue.keys) {
      const keyPath = [...path, key];
      const near = suggest(key, known);
      const elsewhere = near === null && path.length === 0 ? knownElsewhere(schema, key) : null;
      const advice =
        elsewhere !== null
          ? `write it under ${String(elsewhere[0])}, as ${formatPath(elsewhere)}`
          : near !== null
            ? `did you mean ${near}?`
            : `the keys here are ${known.join(', ')}`;
      const message = `unknown key ${printable(JSON.stringify(key))}; ${advice}`;
      problems.push(
        makeProblem({ rule: 'schema', path: keyPath, position: keyPositionOf(tree, keyPath), message }),
      );
      removable.push(uptoList(keyPath));
      tainted.push(uptoList(keyPath));
      // Where the key that was meant is absent, its default says nothing about what was wanted.
      const meant = near === null ? elsewhere : [...path, near];
      if (meant !== null && nodeAt(tree, meant) === undefined) tainted.push(meant);
    }
  }
  return { problems, tainted, removable };
}
