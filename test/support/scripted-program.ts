import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Conversation, ProgramEnd } from '../../src/dialogue/conversation.ts';

/** What a script says and hears. */
export interface ScriptedIo {
  out(said: string | Buffer): void;
  err(said: string | Buffer): void;
  /** The next line of the answers, without its end. */
  read(): Promise<string>;
  /** Pauses; rejects when the program was killed, so that no script outlives its test. */
  pause(ms: number): Promise<void>;
  /** Resolves when the program is killed, and never otherwise. */
  forever(): Promise<never>;
  readonly killed: AbortSignal;
}

/** A program's side of a dialogue, written down: resolves with its exit status. */
export type Script = (io: ScriptedIo) => Promise<number>;

/** A program without a process: plays a script. Killed, it ends by SIGKILL. */
export class ScriptedProgram implements Conversation {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly ended: Promise<ProgramEnd>;
  /** What was written to it, in the pieces in which it came, with what it had said by then. */
  readonly heard: { text: string; said: string }[] = [];
  readonly #killed = new AbortController();
  readonly #lines: string[] = [];
  #said = '';
  #waiting: (() => void) | null = null;
  #unread = '';

  constructor(script: Script) {
    const killed = this.#killed.signal;
    const gone = new Promise<never>((_resolve, reject) =>
      killed.addEventListener('abort', () => reject(new Error('killed')), { once: true }),
    );
    gone.catch(() => undefined);
    const io: ScriptedIo = {
      killed,
      out: (said) => {
        this.#said = (this.#said + said.toString()).slice(-4096);
        this.stdout.write(said);
      },
      err: (said) => void this.stderr.write(said),
      read: () => Promise.race([this.#read(), gone]),
      pause: (ms) => delay(ms, undefined, { signal: killed }),
      forever: () => gone,
    };
    // As a process does it: nothing is said before the one who started it can listen.
    this.ended = delay(0)
      .then(() => script(io))
      .then(
        (exitCode): ProgramEnd => ({ exitCode, signal: null }),
        (error: unknown): ProgramEnd => {
          if (!killed.aborted) throw error;
          return { exitCode: null, signal: 'SIGKILL' };
        },
      )
      .finally(() => {
        this.stdout.end();
        this.stderr.end();
      });
  }

  /** Whether it was killed. */
  get wasKilled(): boolean {
    return this.#killed.signal.aborted;
  }

  write(text: string): void {
    this.heard.push({ text, said: this.#said });
    const parts = (this.#unread + text).split('\n');
    this.#unread = parts.pop() ?? '';
    this.#lines.push(...parts);
    this.#waiting?.();
  }

  async kill(): Promise<void> {
    this.#killed.abort();
    await this.ended;
  }

  async #read(): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
  }
}
