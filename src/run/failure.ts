/** Why a run did not pass. The class alone decides the exit status. */
export type FailureClass =
  'check' | 'usage' | 'preflight' | 'infrastructure' | 'timeout' | 'interrupted' | 'bug';

/** What failed, where, and what to do next; `null` in a report of a run that passed. */
export interface Failure {
  readonly class: FailureClass;
  /** The id of the plan's step that failed, or the verb's stage (`lint`, `preflight`). */
  readonly step: string;
  readonly message: string;
  /** What to do next, as one sentence or the commands to run; null when there is nothing better than the message. */
  readonly hint: string | null;
}

/** A failure on its way up: thrown where it is known, caught once, in the run or the command line. */
export class FailureError extends Error {
  override readonly name = 'FailureError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}
