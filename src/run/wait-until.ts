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
 * ends the wait; a look that says what is missing continues it.
 * @throws {WaitTimeoutError} at the deadline, and the signal's reason when aborted.
 */
export async function waitUntil<T>(
  look: (attempt: number) => Promise<Look<T>>,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    const seen = await look(attempt);
    if (seen.met) return seen.value;
    if (performance.now() + options.intervalMs > deadline) {
      throw new WaitTimeoutError(options.condition, seen.missing, options.timeoutMs);
    }
    await delay(options.intervalMs, undefined, { signal: options.signal }).catch((error: unknown) => {
      options.signal.throwIfAborted();
      throw error;
    });
  }
}
