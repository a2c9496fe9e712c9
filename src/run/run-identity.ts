import { customAlphabet } from 'nanoid';
import type { Failure } from './failure.ts';

/** The failure that an error is which nobody expected. */
export function bugFailure(step: string, error: Error): Failure {
  const hint =
    'This is a defect of twinstack: please report it with stack-trace.txt from the report directory.';
  return { class: 'bug', step, message: error.message, hint };
}

/** A run's id: short enough that every name made of it fits an interface's 15 characters, and a letter first. */
export function newRunId(): string {
  return `${customAlphabet('abcdefghijklmnopqrstuvwxyz', 1)()}${customAlphabet('abcdefghijklmnopqrstuvwxyz0123456789', 5)()}`;
}
