/** Something to show at a line of a file, beside the log. */
export interface Annotation {
  readonly level: 'error' | 'warning';
  /** As the CI system knows it: relative to the repository. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number | null;
  readonly title: string;
  readonly message: string;
}

/** An annotation as a workflow command of GitHub Actions, without a newline at its end. */
export function githubCommand({ level, file, line, column, title, message }: Annotation): string {
  const properties = [
    ['file', file],
    ['line', String(line)],
    ...(column === null ? [] : [['col', String(column)]]),
    ['title', title],
  ];
  const list = properties.map(([name, value = '']) => `${name}=${escapeProperty(value)}`).join(',');
  return `::${level} ${list}::${escapeMessage(message)}`;
}

/** The runner reads these back (`@actions/core` does the same); everything else stays as it is. */
function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** In a property a colon and a comma would end it. */
function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
