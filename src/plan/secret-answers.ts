import type { Plan } from './plan.ts';

/** The answers of a plan's dialogues that must not be told. */
export function secretAnswers({ steps }: Plan): string[] {
  const actions = steps.flatMap((step) => step.actions);
  return actions.flatMap((action) =>
    action.kind === 'dialogue'
      ? action.dialogue.prompts.flatMap(({ secret, answer }) => (secret && answer !== '' ? [answer] : []))
      : [],
  );
}
