import { DIALOGUE_LIMITS, type Dialogue, type DialoguePrompt } from '../dialogue/dialogue.ts';
import { renderAnswer } from '../scenario/answer-values.ts';
import { OWN_RANGES, toldRanges } from './k8s-snap-ranges.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** What stands in brackets before a prompt's end: a default, which a release may change. */
const ANY_DEFAULT = '[^\\]]*';

/** The questions of `k8s bootstrap --interactive`, up to the space at their end, as the program was observed to ask. */
const QUESTIONS = {
  features: `^Which features would you like to enable\\? \\([^)]*\\) \\[${ANY_DEFAULT}\\]: $`,
  pods: (standard: string) => `^Please set the Pod CIDR: \\[${standard}\\]: $`,
  services: (standard: string) => `^Please set the Service CIDR: \\[${standard}\\]: $`,
} as const;

function prompt(name: string, pattern: string, answer: string): DialoguePrompt {
  return { name, pattern, answer, secret: false, optional: false, times: 1 };
}

/**
 * Ranges that are not written are left to the program by an empty line, as a person would; then it must name the default that is
 * counted on, or another network would come of it.
 */
function rangePrompt(scenario: Scenario, section: 'pods' | 'services', name: string): DialoguePrompt {
  const told = toldRanges(scenario, section);
  const standard = told === null ? OWN_RANGES[section].replaceAll('.', '\\.') : ANY_DEFAULT;
  return prompt(name, QUESTIONS[section](standard), told ?? '');
}

/** What is answered: features that are not written are the program's own. */
function knownPrompts(scenario: Scenario): readonly DialoguePrompt[] {
  return [
    prompt('features', QUESTIONS.features, '{{ features }}'),
    rangePrompt(scenario, 'pods', 'pod-cidr'),
    rangePrompt(scenario, 'services', 'service-cidr'),
  ];
}

/** The dialogue of a scenario: its own prompts where it has some, for a release that asks in other words. */
export function bootstrapDialogue(scenario: Scenario): Dialogue {
  const { mode, prompts, timeouts } = scenario.dialogue;
  return {
    mode,
    limits: { ...DIALOGUE_LIMITS, ...timeouts },
    prompts: (prompts ?? knownPrompts(scenario)).map((each) => ({
      ...each,
      answer: renderAnswer(each.answer, scenario),
    })),
  };
}
