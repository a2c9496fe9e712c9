import { answerProgram } from '../dialogue/answer-program.ts';
import { secretAnswers } from '../dialogue/dialogue.ts';
import { secretValues } from './secret-values.ts';
import { dialogueFailure } from './dialogue-failure.ts';
import { FailureError } from './failure.ts';
import { stepInfo } from './step-tracker.ts';
import type { Action, Step } from '../plan/plan.ts';
import type { RunPlanContext } from './run-plan.ts';

/** How long a node may take to be ready for a program that is talked to; the program's own deadlines are its dialogue's. */
const READY_TIMEOUT_MS = 60_000;

/**
 * Starts a plan's program that asks, answers it, and tells of both.
 * @param render fills in the values of the run.
 * @throws {FailureError} when it did not end as it should; the signal's reason when aborted, with the transcript told before.
 */
export async function holdDialogue(
  action: Extract<Action, { kind: 'dialogue' }>,
  step: Step,
  context: Pick<RunPlanContext, 'provider' | 'owner' | 'events' | 'values' | 'signal' | 'onSecret'>,
  render: (text: string) => string,
): Promise<void> {
  const { provider, owner, events, values, signal, onSecret } = context;
  const { name, file, args, dialogue } = action;
  const { mode } = dialogue;
  const info = stepInfo(step);
  const prompts = dialogue.prompts.map((prompt) => ({ ...prompt, answer: render(prompt.answer) }));
  // A program may say later what it was told.
  for (const answer of secretAnswers(prompts)) onSecret(answer);
  const secrets = secretValues(values);
  const total = prompts.length;
  const program = await provider
    .node(action.node)
    .converse({ file, args, mode, mark: `${owner.runId}/${name}` }, { timeoutMs: READY_TIMEOUT_MS, signal });
  const result = await answerProgram(
    program,
    { ...dialogue, prompts },
    {
      signal,
      secrets,
      onProgress: ({ text, answered }) =>
        events.emit({
          type: 'step-progress',
          step: info,
          text,
          ...(answered === null ? { done: null, total: null } : { done: answered, total, milestone: true }),
        }),
    },
  );
  const { outcome, reason, durationMs, transcript } = result;
  events.emit({
    type: 'dialogue-finished',
    step: info,
    dialogue: {
      name,
      node: action.node,
      command: [file, ...args],
      mode,
      outcome,
      reason,
      durationMs,
      entries: transcript.entries.map((entry) => ({ ...entry })),
      omittedBytes: transcript.omittedBytes,
    },
  });
  signal.throwIfAborted();
  const failure = dialogueFailure(result, { step: step.id, title: step.title, prompts });
  if (failure !== null) throw new FailureError(failure);
}
