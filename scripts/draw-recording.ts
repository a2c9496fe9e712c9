// Draws the last screen of a recorded terminal (asciicast 2, as `asciinema rec` writes it) as an SVG: `tsx scripts/draw-recording.ts
// docs/recordings/quickstart.cast`. The picture is beside the recording.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import terminals from '@xterm/headless';

interface Header {
  readonly width: number;
  readonly height: number;
  readonly title?: string;
}

const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;
const FOREGROUND = '#d8dee9';
const BACKGROUND = '#1f2430';
/** The 16 colours of ANSI. */
const PALETTE = [
  '#4c566a',
  '#e06c75',
  '#7ec07a',
  '#e5c07b',
  '#61afef',
  '#c678dd',
  '#56b6c2',
  '#d8dee9',
  '#7f8899',
  '#ff7b85',
  '#98d991',
  '#f2d491',
  '#82c4ff',
  '#d99be8',
  '#7fd3dd',
  '#ffffff',
];

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A recording's last screen as SVG. Empty lines below the last word are left out. */
export async function drawRecording(cast: string): Promise<string> {
  const [first = '{}', ...lines] = cast.trimEnd().split('\n');
  const { width, height, title = 'terminal' } = JSON.parse(first) as Header;
  const terminal = new terminals.Terminal({
    cols: width,
    rows: height,
    allowProposedApi: true,
    scrollback: 0,
  });
  for (const line of lines) {
    const [, kind, text] = JSON.parse(line) as [number, string, string];
    if (kind === 'o') await new Promise<void>((resolve) => terminal.write(text, resolve));
  }
  const rows: string[] = [];
  for (let y = 0; y < height; y += 1) rows.push(drawRow(terminal, y));
  while (rows.at(-1) === '') rows.pop();
  const size = {
    width: Math.ceil(width * CELL.width + 2 * MARGIN),
    height: Math.ceil(rows.length * CELL.height + 2 * MARGIN),
  };
  const drawn = rows.flatMap((row, y) =>
    row === '' ? [] : [`<text x="${MARGIN}" y="${MARGIN + CELL.height * (y + 0.75)}">${row}</text>`],
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img">`,
    `<title>${escape(title)}</title>`,
    '<style>text { font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; }</style>',
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    `<g fill="${FOREGROUND}" xml:space="preserve">`,
    ...drawn,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** One row as runs of cells that look alike, each where its first cell is. */
function drawRow(terminal: InstanceType<typeof terminals.Terminal>, y: number): string {
  const line = terminal.buffer.active.getLine(terminal.buffer.active.baseY + y);
  if (line === undefined || line.translateToString(true) === '') return '';
  const runs: { x: number; style: string; text: string }[] = [];
  for (let x = 0; x < terminal.cols; x += 1) {
    const cell = line.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const colour = cell.isFgPalette() ? PALETTE[cell.getFgColor()] : undefined;
    const style = [
      colour === undefined ? '' : ` fill="${colour}"`,
      cell.isBold() ? ' font-weight="bold"' : '',
      cell.isDim() ? ' opacity="0.6"' : '',
    ].join('');
    const text = cell.getChars() || ' ';
    const last = runs.at(-1);
    if (last !== undefined && last.style === style) last.text += text;
    else runs.push({ x, style, text });
  }
  return runs
    .map(({ x, style, text }) => ({ x, style, text: text.trimEnd() }))
    .filter(({ text }) => text !== '')
    .map(({ x, style, text }) => {
      // Blanks at the beginning of a run are its place.
      const from = x + text.length - text.trimStart().length;
      const left = (MARGIN + from * CELL.width).toFixed(1);
      const words = text.trim();
      return `<tspan x="${left}" textLength="${(words.length * CELL.width).toFixed(1)}"${style}>${escape(words)}</tspan>`;
    })
    .join('');
}

const [file] = process.argv.slice(2);
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (file === undefined) throw new Error('draw-recording takes a recording');
  await writeFile(file.replace(/\.cast$/, '.svg'), await drawRecording(await readFile(file, 'utf8')));
}
