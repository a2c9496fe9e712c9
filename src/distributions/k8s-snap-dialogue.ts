import { DIALOGUE_LIMITS, type Dialogue, type DialoguePrompt } from '../dialogue/dialogue.ts';
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
export function bootstrapDialogue({ network, features, dialogue }: Scenario, endMs: number): Dialogue {
  return {
    mode: dialogue.mode,
    limits: { ...DIALOGUE_LIMITS, endMs },
    prompts: [
      prompt('features', (features ?? []).join(',')),
      prompt('pod-cidr', network.pods.join(',')),
      prompt('service-cidr', network.services.join(',')),
    ],
  };
}
