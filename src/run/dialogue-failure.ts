import { printable } from '../report/printable.ts';
import type { DialogueResult } from '../dialogue/answer-program.ts';
import type { DialogueOutcome, DialoguePrompt } from '../dialogue/dialogue.ts';
import type { Failure } from './failure.ts';

/** Where a dialogue stood in its plan. */
export interface DialoguePlace {
  readonly step: string;
  readonly title: string;
  readonly prompts: readonly DialoguePrompt[];
}

const TRANSCRIPT = 'The report has the whole transcript.';
/** Where a reader wants to compare what came with what was awaited. */
const COMPARED: readonly DialogueOutcome[] = [
  'unknown-prompt',
  'prompt-never-came',
  'silence',
  'ended-early',
];
/** The status of shells and engines for a program that is not there. */
const NOT_FOUND = 127;

/** What became of a dialogue, as the failure of its step; null when all was answered and the program ended with 0. */
export function dialogueFailure(
  { outcome, reason, prompt, seen, end, lastLines, killError }: DialogueResult,
  { step, title, prompts }: DialoguePlace,
): Failure | null {
  if (outcome === 'answered') return null;
  const about = prompts.find(({ name }) => name === prompt) ?? null;
  const lines = [`${title}: ${reason ?? 'it failed'} (${outcome})`];
  const compared = COMPARED.includes(outcome);
  if (compared) {
    lines.push(`  seen      ${seen === '' ? 'nothing' : JSON.stringify(seen)}`);
    if (about !== null) lines.push(`  expected  /${about.pattern}/`);
    if (outcome === 'unknown-prompt' && seen.trim() !== '') lines.push(`  would fit /${patternOf(seen)}/`);
  }
  if (outcome === 'prompt-repeated' && about !== null && !about.secret) {
    lines.push(`  answered  ${JSON.stringify(about.answer)}`);
  }
  const others = compared && lastLines.at(-1) === seen ? lastLines.slice(0, -1) : lastLines;
  lines.push(...others.map((line) => `  ${line}`));
  if (killError !== null) lines.push(`  and it could not be ended: ${killError}`);
  const hint = `${nextStep(outcome, end?.exitCode ?? null)} ${TRANSCRIPT}`.trimStart();
  return { class: 'infrastructure', step, message: lines.map(printable).join('\n'), hint };
}

/** The pattern that a text and nothing else fits. */
function patternOf(seen: string): string {
  return `^${seen.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`;
}

function nextStep(outcome: DialogueOutcome, exitCode: number | null): string {
  switch (outcome) {
    case 'unknown-prompt':
    case 'prompt-never-came':
      return 'A release may ask in other words: write them into the scenario, as dialogue.prompts (docs/k8s-snap.md has those of k8s to begin with).';
    case 'prompt-repeated':
      return 'The program did not take the answer: change what it is made from.';
    case 'silence':
      return 'It may ask in other words, without looking like a question, or wait for something that is not there.';
    case 'flood':
      return 'A program that asks in a loop, or has lost its input, prints like this.';
    case 'ended-early':
      return exitCode === NOT_FOUND ? 'The program is not in the node: see `install` and the image.' : '';
    default:
      return '';
  }
}
