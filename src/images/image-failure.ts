import { CommandError } from '../process/command-runner.ts';
import { FailureError } from '../run/failure.ts';
import { isDiskFull } from '../run/full-disk.ts';

/** The plan's word for the stage in which node images are built. */
const STEP = 'image';

/** A failure of the host, found before anything was built. */
export function imagePreflightFailure(message: string, hint: string): FailureError {
  return new FailureError({ class: 'preflight', step: STEP, message, hint });
}

/**
 * Tells what could not be done and why, with the last lines of the program that failed. A failure that already says so is
 * passed on as it is.
 */
export function imageFailure(what: string, cause: unknown, hint: string | null = null): FailureError {
  if (cause instanceof FailureError) return cause;
  const said = cause instanceof CommandError ? cause.lastLines() : [];
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = [`${what}: ${reason}`, ...said.map((line) => `  ${line}`)].join('\n');
  const failure = { class: 'infrastructure' as const, step: STEP };
  if (isDiskFull(cause, message)) {
    const freeSpace =
      'Free some space on the disk of the cache, or put the cache on another one with XDG_CACHE_HOME.';
    return new FailureError(
      { ...failure, message: `${what}: the disk is full\n${message}`, hint: freeSpace },
      { cause },
    );
  }
  return new FailureError({ ...failure, message, hint }, { cause });
}
