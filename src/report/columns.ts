import { stripVTControlCharacters } from 'node:util';

/** How {@link alignColumns} lays out. */
export interface ColumnOptions {
  /** Columns of the screen; the last cell of a row is broken between words to stay inside. Null for no limit. */
  readonly width: number | null;
  /** Spaces before each line. */
  readonly indent: number;
}

const GAP = '  ';
/** With less room than this a last cell is not broken into a column of words. */
const NARROWEST = 20;

/** Rows as lines with their cells below each other; colours in cells don't count. Cells hold no newlines. */
export function alignColumns(rows: readonly (readonly string[])[], options: ColumnOptions): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.slice(0, -1).entries()) {
      widths[index] = Math.max(widths[index] ?? 0, visibleLength(cell));
    }
  }
  return rows.flatMap((row) => alignRow(row, widths, options)).map((line) => line.trimEnd());
}

function alignRow(
  row: readonly string[],
  widths: readonly number[],
  { width, indent }: ColumnOptions,
): string[] {
  const margin = ' '.repeat(indent);
  const aligned = row
    .slice(0, -1)
    .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - visibleLength(cell)));
  const prefix = margin + aligned.map((cell) => cell + GAP).join('');
  const last = row.at(-1) ?? '';
  const taken = visibleLength(prefix);
  if (width === null || taken + visibleLength(last) <= width) return [prefix + last];
  if (width - taken >= NARROWEST) {
    const [head = '', ...rest] = wrapWords(last, width - taken);
    return [prefix + head, ...rest.map((line) => ' '.repeat(taken) + line)];
  }
  // No room beside the other cells: it stands below them.
  const below = margin + GAP + GAP;
  return [prefix, ...wrapWords(last, width - below.length).map((line) => below + line)];
}

/** Text as lines of at most `width` columns, broken between words; a longer word (an address) stays whole. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && visibleLength(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/** Columns that a text takes on a terminal, for scripts of single width. */
export function visibleLength(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
