import { alignColumns } from '../report/columns.ts';
import { createPalette } from '../report/palette.ts';
import { oneLine } from '../report/printable.ts';
import type { Terminal } from './describe-terminal.ts';

/**
 * Rows under headings, for the results of `ps`, `list` and `doctor`. The last column is broken between words on a screen; in a
 * pipe each row is one line. Ends with a newline; without rows it is empty.
 */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { colour, width }: Pick<Terminal, 'colour' | 'width'>,
): string {
  if (rows.length === 0) return '';
  const palette = createPalette(colour);
  const cells = rows.map((row) => headings.map((_heading, index) => oneLine(row[index] ?? '')));
  const lines = alignColumns([headings.map((heading) => palette.bold(heading)), ...cells], {
    width,
    indent: 0,
  });
  return `${lines.join('\n')}\n`;
}
