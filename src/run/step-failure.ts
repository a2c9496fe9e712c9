import { CommandError } from '../process/command-runner.ts';
import { FailureError, type Failure } from './failure.ts';
import { isDiskFull } from './full-disk.ts';
import { WaitTimeoutError } from './wait-until.ts';
import type { Action, Step } from '../plan/plan.ts';

/** What a cluster was made from decides its release: another minor version than the scenario's is another test. */
export function requireVersion(
  version: string,
  { node, expectVersion }: Extract<Action, { kind: 'connect' }>,
  step: Step,
): void {
  const minorOf = (text: string): string => text.replace(/^v/, '').split('.').slice(0, 2).join('.');
  if (expectVersion === undefined || minorOf(version) === minorOf(expectVersion)) return;
  throw new FailureError({
    class: 'infrastructure',
    step: step.id,
    message: `${step.title}: ${node} runs Kubernetes ${version}, and the scenario is for ${expectVersion}`,
    hint: 'Change distribution.version, or what the program comes from: install, binary or image.',
  });
}

/** An error in a line. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The failure that a step's error is: a missed deadline names its condition, a program its own last lines. */
export function failureOf(step: Step, error: unknown, advice: string | null): Failure {
  if (error instanceof FailureError) return error.failure;
  if (error instanceof CommandError || error instanceof WaitTimeoutError) {
    const lines = error instanceof CommandError ? error.lastLines() : [];
    const isFull = isDiskFull(error, lines.join('\n'));
    const what = isFull ? `the disk is full: ${error.message}` : error.message;
    const message = [`${step.title}: ${what}`, ...lines.map((line) => `  ${line}`)].join('\n');
    const hint = advice ?? (isFull ? MAKE_ROOM : SEE_DIAGNOSTICS);
    return { class: 'infrastructure', step: step.id, message, hint };
  }
  throw error;
}

/** The failure of a wait that its program gave up before the deadline. */
export function hopelessFailure(
  { id, title }: Step,
  { retryUntil, hint }: Extract<Action, { kind: 'exec' }>,
  error: CommandError,
): FailureError {
  const lines = error.lastLines().map((line) => `\n  ${line}`);
  const message = `${title}: it will not come to it that ${retryUntil}:${lines.join('')}`;
  return new FailureError({
    class: 'infrastructure',
    step: id,
    message,
    hint: hint ?? SEE_DIAGNOSTICS,
  });
}

const MAKE_ROOM =
  'Make room where the engine keeps its nodes: `twinstack doctor` tells what is free, `twinstack gc` removes what dead runs left behind.';

const SEE_DIAGNOSTICS =
  'See diagnostics/ in the report directory: journals of the nodes and logs of the pods.';

/** What the failed program printed, for the diagnostics; null where no program failed. */
export function outputOf(step: Step, error: unknown): { step: string; output: string } | null {
  if (!(error instanceof CommandError)) return null;
  return { step: step.id, output: `$ ${error.command.join(' ')}\n${error.stdout}\n${error.stderr}` };
}
