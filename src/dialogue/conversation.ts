import type { Readable } from 'node:stream';

/** How a program ended: by itself with a status, or by a signal. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A program that runs and can be talked to. */
export interface Conversation {
  readonly stdout: Readable;
  /** Never gives anything on a pseudo-terminal, where it is part of `stdout`. */
  readonly stderr: Readable;
  /** Resolves when the program has ended. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** Writes to its standard input. What can't be written is no error here: then the program ends, or is silent. */
  write(text: string): void;
  /**
   * Ends it with SIGKILL where it runs, and waits until it is seen to be gone.
   * @throws when that can't be seen within the deadline.
   */
  kill(options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<void>;
}
