import { toUSVString } from 'node:util';
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

/** What is kept from the beginning, and as much from the end: characters, and {@link ENTRY_SIZE} for each piece. */
const KEPT = 64 * 1024;
/** What a piece costs beside its text: two streams that alternate by single characters must not fill a report. */
const ENTRY_SIZE = 64;
/** Characters of a piece: a long one is not copied for each that is added. */
const LONGEST_PIECE = 4096;
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
  /** Who said a carriage return last: with the line feed that may come it is a line end. */
  readonly #returned = new Set<Speaker>();

  constructor(now: () => number) {
    this.#now = now;
    this.#started = now();
  }

  add(who: Speaker, said: string): void {
    if (said === '') return;
    const whole = `${this.#returned.delete(who) ? '\r' : ''}${said}`;
    const returns = whole.endsWith('\r');
    if (returns) this.#returned.add(who);
    const text = printable(returns ? whole.slice(0, -1) : whole);
    if (text === '') return;
    const entry = { atMs: Math.round(this.#now() - this.#started), who, text };
    if (this.#tail.length === 0 && this.#headSize + text.length + ENTRY_SIZE <= KEPT) {
      this.#headSize += text.length + (append(this.#head, entry, LONGEST_PIECE) ? ENTRY_SIZE : 0);
      return;
    }
    this.#tailSize += text.length + (append(this.#tail, entry, LONGEST_PIECE) ? ENTRY_SIZE : 0);
    while (this.#tailSize > KEPT) this.#cutTail();
  }

  /** Shortens the first entry of the tail by what is too much, or takes it away. */
  #cutTail(): void {
    const first = this.#tail.shift();
    if (first === undefined) return;
    const surplus = this.#tailSize - KEPT;
    const left = surplus < first.text.length ? toUSVString(first.text.slice(surplus)) : '';
    this.#omitted += Buffer.byteLength(first.text) - Buffer.byteLength(left);
    this.#tailSize -= first.text.length - left.length;
    if (left === '') this.#tailSize -= ENTRY_SIZE;
    else this.#tail.unshift({ ...first, text: left });
  }

  get content(): TranscriptText {
    const entries: TranscriptEntry[] = [];
    for (const entry of [...this.#head, ...this.#tail]) append(entries, entry, Infinity);
    return { entries, omittedBytes: this.#omitted };
  }
}

/** Joins what one speaker says in one breath. @returns whether it became an entry of its own. */
function append(entries: TranscriptEntry[], entry: TranscriptEntry, longest: number): boolean {
  const last = entries.at(-1);
  const joins =
    last !== undefined &&
    last.who === entry.who &&
    entry.atMs - last.atMs <= ONE_BREATH_MS &&
    last.text.length + entry.text.length <= longest;
  if (joins) entries[entries.length - 1] = { ...last, text: last.text + entry.text };
  else entries.push(entry);
  return !joins;
}
