import { setTimeout as delay } from 'node:timers/promises';

/** What one look found: the awaited value, or the sentence that says what is still missing. */
export type Look<T> =
  { readonly met: true; readonly value: T } | { readonly met: false; readonly missing: string };

/** A wait that ran out of time; its message names the condition that was not met and what was seen last. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
  readonly condition: string;
  readonly lastSeen: string;

  constructor(condition: string, lastSeen: string, timeoutMs: number) {
    super(`not met within ${timeoutMs / 1000} s: ${condition} (last seen: ${lastSeen})`);
    this.condition = condition;
    this.lastSeen = lastSeen;
  }
}

/** How long and how often to look, in milliseconds. */
export interface WaitOptions {
  /** The awaited condition, as a phrase that completes "waiting until …". */
  readonly condition: string;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/**
 * Looks until the condition is met: the only polling loop of the project, for programs that offer no watch. A look that throws
 * ends the wait; a look that says what is missing continues it. Deadline and abort hold during a look too: its signal is aborted
 * then, and a look that takes no notice is not waited for.
 * @throws {WaitTimeoutError} at the deadline, and the signal's reason when aborted.
 */
export async function waitUntil<T>(
  look: (attempt: number, signal: AbortSignal) => Promise<Look<T>>,
  options: WaitOptions,
): Promise<T> {
  const { condition, timeoutMs, intervalMs } = options;
  options.signal.throwIfAborted();
  const deadline = performance.now() + timeoutMs;
  let lastSeen = 'the first look has not ended';
  const ending = new AbortController();
  const { promise: ended, reject } = deferred();
  const end = (reason: unknown): void => {
    reject(reason);
    ending.abort(reason);
  };
  const outOfTime = (): WaitTimeoutError => new WaitTimeoutError(condition, lastSeen, timeoutMs);
  const onAbort = (): void => end(options.signal.reason);
  options.signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => end(outOfTime()), timeoutMs);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const seen = await Promise.race([ended, look(attempt, ending.signal)]);
      if (seen.met) return seen.value;
      lastSeen = seen.missing;
      if (performance.now() + intervalMs > deadline) throw outOfTime();
      await Promise.race([ended, delay(intervalMs, undefined, { signal: ending.signal })]);
    }
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
  }
}

/** A promise that can only fail, and whose failure is nobody's business once nobody waits for it. */
function deferred(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject!: (reason: unknown) => void;
  const promise = new Promise<never>((_resolve, onReject) => {
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, reject };
}
