import { StringDecoder } from 'node:string_decoder';

/** Keeps what a stream prints and tells of each line as it comes. Lines end in LF or CRLF; the last one may lack its end. */
export class CapturedOutput {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #parts: string[] = [];
  #line = '';
  #length = 0;

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Characters so far. */
  get length(): number {
    return this.#length;
  }

  write(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Tells of the last line if it had no end. */
  end(): void {
    this.#take(this.#decoder.end());
    const rest = this.#line;
    this.#line = '';
    if (rest !== '') this.#onLine?.(rest);
  }

  /** Everything, without the last line's end. */
  text(): string {
    return this.#parts.join('').replace(/\r?\n$/, '');
  }

  #take(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#onLine === undefined) return;
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line.replace(/\r$/, ''));
  }
}
