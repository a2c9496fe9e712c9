import { printable } from '../report/printable.ts';

/** Who said something: the program on one of its streams, or the answerer. */
export type Speaker = 'stdout' | 'stderr' | 'answer';

/** Something that was said, at milliseconds since the start. Control characters are written out. */
export interface TranscriptEntry {
  readonly atMs: number;
  readonly who: Speaker;
  readonly text: string;
}

/** A whole dialogue. What lies between head and tail of a long one is left out. */
export interface TranscriptText {
  readonly entries: readonly TranscriptEntry[];
  /** Bytes that were said and are in no entry. */
  readonly omittedBytes: number;
}

/** Characters that are kept from the beginning, and as many from the end. */
const KEPT = 64 * 1024;
/** Pieces of one speaker that come one after the other within this time are one entry, in milliseconds. */
const ONE_BREATH_MS = 100;

/** Writes down who said what and when, within bounds. */
export class Transcript {
  readonly #now: () => number;
  readonly #started: number;
  readonly #head: TranscriptEntry[] = [];
  #headSize = 0;
  readonly #tail: TranscriptEntry[] = [];
  #tailSize = 0;
  #omitted = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#started = now();
  }

  add(who: Speaker, said: string): void {
    if (said === '') return;
    const text = printable(said);
    const entry = { atMs: Math.round(this.#now() - this.#started), who, text };
    if (this.#headSize + text.length <= KEPT && this.#tail.length === 0) {
      this.#headSize += text.length;
      append(this.#head, entry);
      return;
    }
    append(this.#tail, entry);
    this.#tailSize += text.length;
    while (this.#tailSize > KEPT) this.#cutTail();
  }

  /** Shortens the first entry of the tail by what is too much, or takes it away. */
  #cutTail(): void {
    const first = this.#tail.shift();
    if (first === undefined) return;
    const surplus = Math.min(first.text.length, this.#tailSize - KEPT);
    this.#omitted += Buffer.byteLength(first.text.slice(0, surplus));
    this.#tailSize -= surplus;
    const left = first.text.slice(surplus);
    if (left !== '') this.#tail.unshift({ ...first, text: left });
  }

  get content(): TranscriptText {
    const entries = [...this.#head];
    for (const entry of this.#tail) append(entries, entry);
    return { entries, omittedBytes: this.#omitted };
  }
}

/** Joins what one speaker says in one breath. */
function append(entries: TranscriptEntry[], entry: TranscriptEntry): void {
  const last = entries.at(-1);
  if (last === undefined || last.who !== entry.who || entry.atMs - last.atMs > ONE_BREATH_MS) {
    entries.push(entry);
    return;
  }
  entries[entries.length - 1] = { ...last, text: last.text + entry.text };
}
