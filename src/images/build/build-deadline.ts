import { FailureError } from '../../run/failure.ts';
import type { BuildContext } from './build-context.ts';
import type { BuildProgress } from './build-progress.ts';

/** Does a build's work in a context that is aborted at the deadline, with a failure that says what the build was at. */
export async function withDeadline<T>(
  title: string,
  timeoutMs: number,
  surroundings: Omit<BuildContext, 'deadline' | 'report'>,
  progress: BuildProgress,
  work: (context: BuildContext) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(lateFailure(title, timeoutMs, progress.running)), timeoutMs);
  try {
    return await work({
      ...surroundings,
      signal: AbortSignal.any([surroundings.signal, late.signal]),
      deadline: performance.now() + timeoutMs,
      report: (detail) => progress.tell(`${title}: ${detail}`),
    });
  } finally {
    clearTimeout(timer);
  }
}

function lateFailure(title: string, timeoutMs: number, running: readonly string[]): FailureError {
  const minutes = Math.round(timeoutMs / 6000) / 10;
  return new FailureError({
    class: 'infrastructure',
    step: 'image',
    message: `${title} was not ready within ${minutes} min; it was at: ${running.join('; ')}`,
    hint: 'Try again: the parts that were finished are kept, and the build goes on from there.',
  });
}
