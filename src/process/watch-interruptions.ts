import { InterruptedError } from '../run/interrupted-error.ts';

/** What the user's signals mean for a run. */
export interface Interruptions {
  /** Aborted by the first SIGINT or SIGTERM, with an {@link InterruptedError}. */
  readonly interrupted: AbortSignal;
  /** Aborted by a second Ctrl-C. */
  readonly abandoned: AbortSignal;
  /** 130 or 143 after a signal, else null. */
  readonly exitCode: 130 | 143 | null;
}

/**
 * A Ctrl-C under npm reaches us twice within a millisecond, from the terminal and from npm, so equal signals within this time are
 * one.
 */
const SAME_SIGNAL_MS = 1000;

/**
 * Watches for SIGINT and SIGTERM: the first ends the run and begins its clean-up; a second Ctrl-C gives the clean-up up. SIGTERM
 * after SIGINT changes nothing: CI runners send both.
 */
export function watchInterruptions(
  source: Pick<NodeJS.Process, 'on'>,
  say: (text: string) => void,
  now: () => number = () => performance.now(),
): Interruptions {
  const interrupted = new AbortController();
  const abandoned = new AbortController();
  let first: 'SIGINT' | 'SIGTERM' | null = null;
  let lastSigint = -Infinity;
  const receive = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const at = now();
    const repeated = signal === 'SIGINT' && at - lastSigint < SAME_SIGNAL_MS;
    if (signal === 'SIGINT') lastSigint = at;
    if (first === null) {
      first = signal;
      interrupted.abort(new InterruptedError(signal));
    } else if (signal === 'SIGINT' && !repeated && !abandoned.signal.aborted) {
      say('Clean-up given up. What may be left is shown by `ps` and removed by `gc`.\n');
      abandoned.abort(new InterruptedError(signal));
    }
  };
  source.on('SIGINT', () => receive('SIGINT'));
  source.on('SIGTERM', () => receive('SIGTERM'));
  return {
    interrupted: interrupted.signal,
    abandoned: abandoned.signal,
    get exitCode() {
      if (first === null) return null;
      return first === 'SIGINT' ? 130 : 143;
    },
  };
}
