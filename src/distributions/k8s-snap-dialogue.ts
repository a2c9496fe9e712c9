import { DIALOGUE_LIMITS, type Dialogue, type DialoguePrompt } from '../dialogue/dialogue.ts';
import { renderAnswer } from '../scenario/answer-values.ts';
import type { Scenario } from '../scenario/scenario.ts';

/**
 * The questions of `k8s bootstrap --interactive`, in their order. What stands in brackets is a default that a release may change; the
 * rest, up to the space at the end, is how the program was observed to ask.
 */
const QUESTIONS = {
  features: '^Which features would you like to enable\\? \\([^)]*\\) \\[[^\\]]*\\]: $',
  'pod-cidr': '^Please set the Pod CIDR: \\[[^\\]]*\\]: $',
  'service-cidr': '^Please set the Service CIDR: \\[[^\\]]*\\]: $',
} as const;

function prompt(name: keyof typeof QUESTIONS, answer: string): DialoguePrompt {
  return { name, pattern: QUESTIONS[name], answer, secret: false, optional: false, times: 1 };
}

/** What is answered: features that are not written are the program's own. */
const PROMPTS: readonly DialoguePrompt[] = [
  prompt('features', '{{ features }}'),
  prompt('pod-cidr', '{{ network.pods }}'),
  prompt('service-cidr', '{{ network.services }}'),
];

/** The dialogue of a scenario: its own prompts where it has some, for a release that asks in other words. */
export function bootstrapDialogue(scenario: Scenario): Dialogue {
  const { mode, prompts, timeouts } = scenario.dialogue;
  return {
    mode,
    limits: { ...DIALOGUE_LIMITS, ...timeouts },
    prompts: (prompts ?? PROMPTS).map((each) => ({ ...each, answer: renderAnswer(each.answer, scenario) })),
  };
}
