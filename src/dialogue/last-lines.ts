/** Lines that are kept, and characters of each. */
const COUNT = 8;
const LONGEST = 500;

/** The last lines of a stream that hold anything, whatever came before. */
export class LastLines {
  readonly #lines: string[] = [];
  #rest = '';

  /** Takes text as it comes. */
  write(text: string): void {
    const parts = (this.#rest + text).split(/\r?\n/);
    this.#rest = (parts.pop() ?? '').slice(-LONGEST);
    for (const line of parts.slice(-COUNT * 2)) this.add(line);
  }

  /** Takes a whole line. */
  add(line: string): void {
    if (line.trim() === '') return;
    this.#lines.push(line.slice(0, LONGEST));
    if (this.#lines.length > COUNT) this.#lines.shift();
  }

  /** The oldest first; a last one without an end counts: several programs end without one. */
  get lines(): string[] {
    const open = this.#rest.trim() === '' ? [] : [this.#rest];
    return [...this.#lines, ...open].slice(-COUNT);
  }
}
