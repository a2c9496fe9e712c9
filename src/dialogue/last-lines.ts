import { toUSVString } from 'node:util';
import { UnfinishedLine } from './unfinished-line.ts';

/** Lines that are kept, and characters of each. */
const COUNT = 8;
const LONGEST = 500;

/** The last lines of a stream that hold anything, as a terminal shows them, whatever came before. */
export class LastLines {
  readonly #lines: string[] = [];
  readonly #open = new UnfinishedLine();
  #sinceMark: string | null = null;

  /** Takes text as it comes. */
  write(text: string): void {
    for (const line of this.#open.write(text)) this.#add(line);
  }

  /** What stands there counts as a line, though no line ended. */
  endLine(): void {
    const open = this.#open.text;
    this.#open.clear();
    this.#add(open);
  }

  /** What came before is no answer to what comes. */
  mark(): void {
    this.#sinceMark = null;
  }

  #add(line: string): void {
    if (line.trim() === '') return;
    const kept = toUSVString(line.slice(0, LONGEST));
    this.#sinceMark = kept;
    this.#lines.push(kept);
    if (this.#lines.length > COUNT) this.#lines.shift();
  }

  /** The last line that ended since the mark; null when none did. */
  get lastSinceMark(): string | null {
    return this.#sinceMark;
  }

  /** What stands there and has not ended; its last characters, for there it asks. */
  get open(): string {
    return toUSVString(this.#open.text.slice(-LONGEST));
  }

  /** The oldest first; a last one without an end counts: several programs end without one. */
  get lines(): string[] {
    const { open } = this;
    return [...this.#lines, ...(open.trim() === '' ? [] : [open])].slice(-COUNT);
  }
}
