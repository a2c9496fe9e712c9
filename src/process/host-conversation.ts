import { spawn, type ChildProcess } from 'node:child_process';
import { PassThrough } from 'node:stream';
import type { Conversation, ProgramEnd } from '../dialogue/conversation.ts';

/** How a program is started. */
export interface ConversationStart {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How long a program that was killed may take to be gone, when there is no time left to wait for it. */
const GONE_MS = 2000;

/** A program of this host, over pipes. It is the leader of a process group of its own, and is ended with it. */
export class HostConversation implements Conversation {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;

  constructor({ file, args, env }: ConversationStart) {
    const child = spawn(file, args, { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    child.stdout.pipe(this.stdout);
    child.stderr.pipe(this.stderr);
    // What it started may hold the other ends open for ever.
    this.stdout.once('close', () => child.stdout.destroy());
    this.stderr.once('close', () => child.stderr.destroy());
    // A program that has closed its end, or has ended, says so by ending or by silence.
    child.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => {
        child.stdin.destroy();
        resolve({ exitCode, signal });
      });
      child.once('error', (error) => {
        if (child.pid !== undefined) return;
        this.stderr.write(`${error.message}\n`);
        resolve({ exitCode: 127, signal: null });
      });
    });
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  async kill({
    timeoutMs,
    signal,
  }: {
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    // Also for a caller whose own time is up: what was killed takes a moment to be gone.
    const late = AbortSignal.any([
      ...(signal.aborted ? [] : [signal]),
      AbortSignal.timeout(signal.aborted ? GONE_MS : timeoutMs),
    ]);
    await Promise.race([
      this.ended,
      new Promise<never>((_resolve, reject) =>
        late.addEventListener('abort', () => reject(new Error(`process ${pid} did not end after SIGKILL`)), {
          once: true,
        }),
      ),
    ]);
  }
}
