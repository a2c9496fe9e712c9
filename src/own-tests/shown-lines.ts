import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

/** A longer line is shown in pieces. */
const LONGEST_LINE = 2000;
/** Characters that are shown of one program; the rest is in its file alone. */
const MOST_SHOWN = 8 * 1024 * 1024;

/** Lines of one test, of both its streams, as they are shown while it runs: without colours, and an end to them. */
export class ShownLines {
  readonly #show: (line: string) => void;
  readonly #most: number;
  #shown = 0;

  constructor(show: (line: string) => void, most = MOST_SHOWN) {
    this.#show = show;
    this.#most = most;
  }

  /** Nothing more is shown: there is no use in taking it apart. */
  get full(): boolean {
    return this.#shown > this.#most;
  }

  line(text: string): void {
    if (this.full) return;
    this.#shown += text.length + 1;
    this.#show(this.full ? 'more output is not shown here; its file has it' : text);
  }
}

/** Takes one stream apart into lines: UTF-8 torn between chunks, lines without an end, lines that a carriage return overwrote. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #lines: ShownLines;
  #rest = '';

  constructor(lines: ShownLines) {
    this.#lines = lines;
  }

  write(chunk: Buffer): void {
    if (this.#lines.full) return;
    const parts = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const line of parts) this.#line(line);
    while (this.#rest.length > LONGEST_LINE) {
      this.#line(this.#rest.slice(0, LONGEST_LINE));
      this.#rest = this.#rest.slice(LONGEST_LINE);
    }
  }

  end(): void {
    this.#rest += this.#decoder.end();
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
  }

  #line(text: string): void {
    const seen = overwritten(stripVTControlCharacters(text));
    for (let start = 0; start === 0 || start < seen.length; start += LONGEST_LINE) {
      this.#lines.line(seen.slice(start, start + LONGEST_LINE));
    }
  }
}

/** What a terminal shows of a line that carriage returns began anew. */
function overwritten(line: string): string {
  return line.split('\r').findLast((part) => part !== '') ?? '';
}
