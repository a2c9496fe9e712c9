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
