import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** How much of a program's output is kept, in bytes. What lies between the two is left out. */
export interface KeptLimits {
  readonly head: number;
  readonly tail: number;
}

/** Enough for any log that somebody reads, and too little to fill a disk. The tail is held in memory. */
const LIMITS: KeptLimits = { head: 32 * 1024 * 1024, tail: 1024 * 1024 };

/**
 * The output of a program in a file, byte by byte: from the start up to a limit, and the last of it where there is more. A disk
 * that takes no more does not stop the program: `error` says so.
 */
export class KeptOutput {
  /** Why the file is not complete; null while it is. */
  error: string | null = null;
  #file: number | null = null;
  #total = 0;
  readonly #limits: KeptLimits;
  readonly #tail: Buffer;

  constructor(file: string, limits: KeptLimits = LIMITS) {
    this.#limits = limits;
    this.#tail = Buffer.alloc(limits.tail);
    this.#attempt(() => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      this.#file = openSync(file, 'w', 0o644);
    });
  }

  /** Bytes so far, kept or not. */
  get total(): number {
    return this.#total;
  }

  /** Bytes that are left out of the file between its head and its tail. */
  get omitted(): number {
    return Math.max(0, this.#total - this.#limits.head - this.#limits.tail);
  }

  write(chunk: Buffer): void {
    const room = Math.max(0, this.#limits.head - this.#total);
    if (room > 0) this.#append(chunk.subarray(0, room));
    this.#remember(chunk);
  }

  /** The last bytes of the output, as many as `count` at most. */
  last(count: number): Buffer {
    const size = Math.min(count, this.#limits.tail, this.#total);
    const end = this.#total % this.#limits.tail;
    const start = (end - size + this.#limits.tail) % this.#limits.tail;
    return start + size <= this.#limits.tail
      ? Buffer.from(this.#tail.subarray(start, start + size))
      : Buffer.concat([this.#tail.subarray(start), this.#tail.subarray(0, end)]);
  }

  /** Writes the tail and closes the file. */
  close(): void {
    const beyond = Math.min(this.#limits.tail, Math.max(0, this.#total - this.#limits.head));
    if (this.omitted > 0) {
      this.#append(Buffer.from(`\n[twinstack: ${this.omitted} bytes of output are left out here]\n`));
    }
    if (beyond > 0) this.#append(this.last(beyond));
    const file = this.#file;
    this.#file = null;
    if (file !== null) this.#attempt(() => closeSync(file));
  }

  /** A ring: byte number n of the output is at n modulo its size. */
  #remember(chunk: Buffer): void {
    const size = this.#limits.tail;
    const rest = chunk.subarray(Math.max(0, chunk.length - size));
    const at = (this.#total + chunk.length - rest.length) % size;
    const first = rest.subarray(0, size - at);
    this.#tail.set(first, at);
    this.#tail.set(rest.subarray(first.length), 0);
    this.#total += chunk.length;
  }

  #append(bytes: Buffer): void {
    this.#attempt(() => {
      let rest = bytes;
      while (this.#file !== null && rest.length > 0) rest = rest.subarray(writeSync(this.#file, rest));
    });
  }

  #attempt(work: () => void): void {
    if (this.error !== null) return;
    try {
      work();
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
  }
}
