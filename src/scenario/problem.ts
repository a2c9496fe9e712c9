import { formatPath } from './document-path.ts';
import type { DocumentPath } from './document-path.ts';

/** A place in a scenario file; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with a scenario, with where it is and what to write instead. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** The rule's id, in kebab-case: `service-cidr-size`, or `schema`, `yaml`, `file` for what is no rule of networking. */
  readonly rule: string;
  /** Dotted path into the document, such as `network.services[1]`; empty for the document itself. */
  readonly path: string;
  readonly position: Position;
  /** What is wrong and what to write instead, as one sentence. */
  readonly message: string;
}

/** `scenarios/x.yaml:9:14 network.services[1]: fd98::/64 … (rule service-cidr-size)` */
export function formatProblem(problem: Problem): string {
  const { file, line, column } = problem.position;
  const where = problem.path === '' ? '' : ` ${problem.path}:`;
  const severity = problem.severity === 'warning' ? ' warning:' : '';
  return `${file}:${line}:${column}${severity}${where} ${problem.message} (rule ${problem.rule})`;
}

// Control characters would move a terminal's cursor, and bidirectional marks show a text in another order than it has.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
const LONGEST_QUOTE = 120;

/** A text from a file, fit to go into one line of a message: what can't be seen is escaped, what is long is cut. */
export function printable(text: string): string {
  const escaped = text.replace(
    UNPRINTABLE,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return escaped.length > LONGEST_QUOTE ? `${escaped.slice(0, LONGEST_QUOTE)}…` : escaped;
}

/** An error, unless said otherwise. */
export function makeProblem(parts: {
  readonly rule: string;
  readonly path: DocumentPath;
  readonly position: Position;
  readonly message: string;
  readonly severity?: Problem['severity'];
}): Problem {
  const { rule, path, position, message, severity = 'error' } = parts;
  return { severity, rule, path: formatPath(path), position, message };
}

/** Errors and warnings in the order of the files' lines, those of one place in the order of their rules. */
export function compareProblems(one: Problem, other: Problem): number {
  const [a, b] = [one.position, other.position];
  return (
    compareTexts(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compareTexts(one.rule, other.rule) ||
    compareTexts(one.message, other.message)
  );
}

/** By code unit, the same in every locale. */
function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
