import type { DialogueLimits } from './dialogue.ts';

/** Sees when a program prints more than a dialogue prints: at once, or in all. */
export class FloodGauge {
  readonly #limits: Pick<DialogueLimits, 'bytesPerSecond' | 'totalBytes'>;
  readonly #now: () => number;
  #total = 0;
  #second: { since: number; bytes: number };

  constructor(limits: Pick<DialogueLimits, 'bytesPerSecond' | 'totalBytes'>, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#second = { since: now(), bytes: 0 };
  }

  /** Counts what came. @returns what was too much, as the end of a sentence; null when all is well. */
  count(bytes: number): string | null {
    const { totalBytes, bytesPerSecond } = this.#limits;
    const now = this.#now();
    if (now - this.#second.since >= 1000) this.#second = { since: now, bytes: 0 };
    this.#second.bytes += bytes;
    this.#total += bytes;
    if (this.#second.bytes > bytesPerSecond) return `more than ${bytesPerSecond} bytes within a second`;
    return this.#total > totalBytes ? `more than ${totalBytes} bytes` : null;
  }
}
