import { Composer, isAlias, isMap, isNode, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml';
import type { Alias, CST, Document, ParsedNode, Scalar, YAMLError, YAMLMap } from 'yaml';
import { makeProblem, printable } from './problem.ts';
import type { Position, Problem } from './problem.ts';
import type { YamlEntry, YamlTree } from './yaml-tree.ts';

/** A document, or null where the text is none; with everything that is wrong with it as YAML. */
export interface ReadYaml {
  readonly tree: YamlTree | null;
  readonly problems: readonly Problem[];
}

/** Scenarios are four levels deep. Past some thousands the composer's recursion would end the whole process. */
const MAX_DEPTH = 64;
/** How many values aliases may stand for, together: enough for any scenario, too few for a bomb. */
const MAX_ALIASED_NODES = 1000;
/** Characters of a scenario file, and bytes of one on disk. The shipped ones have about a thousand. */
export const MAX_SCENARIO_SIZE = 128 * 1024;

class DepthError extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super('nested too deep');
    this.offset = offset;
  }
}

/** Parses without recursion and stops at a depth that is no scenario, before the composer, which does recurse, sees it. */
function* boundedTokens(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  // Parser.parse() does this, but leaves no room for a look at the depth.
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) yield token;
    if (parser.stack.length > MAX_DEPTH) throw new DepthError(parser.offset);
  }
  for (const token of parser.end()) yield token;
}

function yamlMessage(error: YAMLError): string {
  if (error.code === 'TAB_AS_INDENT') return 'a tab is no indentation in YAML: write spaces';
  if (error.code === 'TAG_RESOLVE_FAILED')
    return `${printable(error.message)}: write plain values without tags`;
  return `not YAML: ${printable(error.message)}`;
}

function nothingAt(position: Position): YamlTree {
  return { kind: 'scalar', position, value: null, source: '' };
}

/** Makes a tree of a document, with a problem for everything in it that a scenario can't hold. */
class TreeBuilder {
  readonly problems: Problem[] = [];
  readonly #positionAt: (offset: number) => Position;
  /** How many aliases are being followed at the moment, one in another. */
  #followed = 0;
  #aliasedNodes = 0;
  /** The latest node with each anchor. The library's own look-up walks the document again for every alias. */
  readonly #anchored = new Map<string, ParsedNode>();
  /** What an alias stood for where it is written; an anchor's name may be given again later. */
  readonly #targets = new Map<Alias.Parsed, ParsedNode | undefined>();

  constructor(positionAt: (offset: number) => Position) {
    this.#positionAt = positionAt;
  }

  build(node: unknown, absentAt: Position): YamlTree {
    if ((this.#followed > 0 || isAlias(node)) && !this.#countAliased(absentAt)) return nothingAt(absentAt);
    if (isAlias(node)) return this.#alias(node as Alias.Parsed);
    if (isNode(node) && node.anchor !== undefined && this.#followed === 0) {
      this.#anchored.set(node.anchor, node as ParsedNode);
    }
    if (isMap(node)) return this.#map(node as YAMLMap.Parsed);
    if (isSeq(node)) {
      const position = this.#start(node as ParsedNode);
      return { kind: 'list', position, items: node.items.map((item) => this.build(item, position)) };
    }
    if (isScalar(node)) return this.#scalar(node as Scalar.Parsed, absentAt);
    return nothingAt(absentAt);
  }

  #start(node: ParsedNode): Position {
    return this.#positionAt(node.range[0]);
  }

  #report(position: Position, message: string): void {
    this.problems.push(makeProblem({ rule: 'yaml', path: [], position, message }));
  }

  /** False once the limit is passed, which is reported once. */
  #countAliased(position: Position): boolean {
    this.#aliasedNodes += 1;
    if (this.#aliasedNodes === MAX_ALIASED_NODES + 1) {
      this.#report(position, `aliases stand for more than ${MAX_ALIASED_NODES} values: write them out`);
    }
    return this.#aliasedNodes <= MAX_ALIASED_NODES;
  }

  #scalar(node: Scalar.Parsed, absentAt: Position): YamlTree {
    const { value } = node;
    const source = node.source ?? '';
    const isEmpty = value === null && node.range[0] === node.range[1];
    const position = isEmpty ? absentAt : this.#start(node);
    if (
      value === null ||
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean'
    ) {
      return { kind: 'scalar', position, value, source };
    }
    this.#report(
      position,
      `${printable(source)} is of a type that a scenario has no use for: write plain text`,
    );
    return nothingAt(position);
  }

  #alias(node: Alias.Parsed): YamlTree {
    const position = this.#start(node);
    if (!this.#targets.has(node)) this.#targets.set(node, this.#anchored.get(node.source));
    const target = this.#targets.get(node);
    if (target === undefined) {
      this.#report(position, `*${printable(node.source)} refers to an anchor that is not set before it`);
      return nothingAt(position);
    }
    if (this.#contains(target, node)) {
      this.#report(position, `*${printable(node.source)} stands for something that holds it`);
      return nothingAt(position);
    }
    this.#followed += 1;
    const tree = this.build(target, position);
    this.#followed -= 1;
    return { ...tree, position };
  }

  /** An alias refers to what is before it, so the one way to have no end is to be inside of what it stands for. */
  #contains(target: unknown, alias: Alias.Parsed): boolean {
    if (!isMap(target) && !isSeq(target)) return false;
    const range = target.range;
    return range !== null && range !== undefined && range[0] <= alias.range[0] && alias.range[0] < range[1];
  }

  #map(node: YAMLMap.Parsed): YamlTree {
    const entries = new Map<string, YamlEntry>();
    const position = this.#start(node);
    for (const { key, value } of node.items) {
      if (!isScalar(key) || key.value === null) {
        this.#report(key === null ? position : this.#start(key), 'a key must be a word: text before a colon');
        continue;
      }
      const keyPosition = this.#start(key as ParsedNode);
      // The key 1.10 is a number, but was meant as it stands.
      const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
      if (name === '__proto__') {
        // Some libraries drop this key and some do worse; nothing in a scenario is called so.
        this.#report(keyPosition, '__proto__ is no key of anything');
        continue;
      }
      const first = entries.get(name);
      if (first !== undefined) {
        const line = first.keyPosition.line;
        this.#report(
          keyPosition,
          `${printable(JSON.stringify(name))} is written twice: the first is in line ${line}; keep one`,
        );
      }
      const built = this.build(value, keyPosition);
      if (first === undefined) entries.set(name, { keyPosition, value: built });
    }
    return { kind: 'map', position, entries };
  }
}

/** Columns count characters as editors do: UTF-16 units from 1, a tab as one. */
function positions(file: string, lines: LineCounter): (offset: number) => Position {
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
}

/**
 * Reads the one YAML document of a text. All that is wrong is collected; where the text is no YAML at all there is no tree. The text
 * has no byte order mark; lines may end with CR LF.
 */
export function readYaml(text: string, file: string): ReadYaml {
  const lines = new LineCounter();
  const positionAt = positions(file, lines);
  const problem = (position: Position, message: string): Problem =>
    makeProblem({ rule: 'yaml', path: [], position, message });
  const start: Position = { file, line: 1, column: 1 };
  if (text.length > MAX_SCENARIO_SIZE) {
    const message = `${text.length} characters are more than a scenario can have (${MAX_SCENARIO_SIZE}): is this the right file?`;
    return { tree: null, problems: [problem(start, message)] };
  }
  let documents: Document.Parsed[];
  try {
    // Keys that occur twice are found below, where the first one's line is known.
    const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
    documents = [...composer.compose(boundedTokens(text, lines), false, text.length)] as Document.Parsed[];
  } catch (error) {
    if (!(error instanceof DepthError)) throw error;
    const message = `values are nested more than ${MAX_DEPTH} deep, which no scenario is`;
    return { tree: null, problems: [problem(positionAt(error.offset), message)] };
  }
  const [document, second] = documents;
  const complaints = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  const problems = complaints.map((error) => problem(positionAt(error.pos[0]), yamlMessage(error)));
  if (second !== undefined && problems.length === 0) {
    problems.push(
      problem(positionAt(second.range[0]), 'a second document begins here: a file holds one scenario'),
    );
  }
  if (problems.length > 0) return { tree: null, problems };
  const contents: unknown = document?.contents;
  const isEmpty = isScalar(contents) && contents.value === null;
  if (document === undefined || contents === null || isEmpty) {
    const message = 'nothing is in this file; the shortest scenario is a line such as `name: quickstart`';
    return { tree: null, problems: [problem(start, message)] };
  }
  const builder = new TreeBuilder(positionAt);
  const tree = builder.build(contents, start);
  return { tree, problems: builder.problems };
}
