import type { DialogueResult } from '../dialogue/answer-program.ts';
import type { DialoguePrompt } from '../dialogue/dialogue.ts';
import type { Failure } from './failure.ts';

/** Where a dialogue stood in its plan. */
export interface DialoguePlace {
  readonly step: string;
  readonly title: string;
  readonly prompts: readonly DialoguePrompt[];
}

const TRANSCRIPT = 'The report has the whole transcript.';

/** What became of a dialogue, as the failure of its step; null when all was answered and the program ended with 0. */
export function dialogueFailure(
  { outcome, reason, prompt, seen, lastLines, killError }: DialogueResult,
  { step, title, prompts }: DialoguePlace,
): Failure | null {
  if (outcome === 'answered') return null;
  const about = prompts.find(({ name }) => name === prompt) ?? null;
  const lines = [`${title}: ${reason ?? 'it failed'} (${outcome})`];
  if (outcome === 'unknown-prompt' || outcome === 'prompt-never-came') {
    lines.push(`  seen      ${JSON.stringify(seen)}`);
    if (about !== null) lines.push(`  expected  /${about.pattern}/`);
    if (about !== null && seen.trim() !== '') lines.push(`  would be  /${patternOf(seen)}/`);
  }
  if (outcome === 'prompt-repeated' && about !== null && !about.secret) {
    lines.push(`  answered  ${JSON.stringify(about.answer)}`);
  }
  lines.push(...lastLines.map((line) => `  ${line}`));
  if (killError !== null) lines.push(`  and it could not be ended: ${killError}`);
  return { class: 'infrastructure', step, message: lines.join('\n'), hint: hintOf(outcome) };
}

/** The pattern that a text and nothing else fits. */
function patternOf(seen: string): string {
  return `^${seen.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`;
}

function hintOf(outcome: DialogueResult['outcome']): string {
  switch (outcome) {
    case 'unknown-prompt':
    case 'prompt-never-came':
      return `A release may ask in other words: write them into the scenario, as dialogue.prompts (docs/k8s-snap.md has those of k8s to begin with). ${TRANSCRIPT}`;
    case 'prompt-repeated':
      return `The program did not take the answer: change what it is made from. ${TRANSCRIPT}`;
    default:
      return TRANSCRIPT;
  }
}
