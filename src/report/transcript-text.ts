import type { DialogueRecord } from '../dialogue/dialogue-record.ts';
import { formatSeconds } from './format-duration.ts';
import { oneLine } from './printable.ts';
import { shellWords } from './shell-words.ts';

const WHO = { stdout: 'program', stderr: 'stderr', answer: 'answer' } as const;

/** A dialogue as text: who said what, when; a line for each line that was said, whether it ended or not. */
export function transcriptLines(dialogue: Pick<DialogueRecord, 'entries' | 'omittedBytes'>): string[] {
  const { entries, omittedBytes } = dialogue;
  const lines = entries.flatMap(({ atMs, who, text }) => {
    const said = text.replace(/\n+$/, '');
    // An empty answer is one; an empty line of a program says nothing.
    if (said === '' && who !== 'answer') return [];
    return said.split('\n').map((line, index) => {
      const when = index === 0 ? formatSeconds(atMs) : '';
      return `${when.padStart(7)}  ${WHO[who].padEnd(7)}  ${said === '' ? '(an empty line)' : line}`.trimEnd();
    });
  });
  return omittedBytes === 0 ? lines : [...lines, `(${omittedBytes} bytes of it are left out)`];
}

/** What a dialogue was, in a line above its words. */
export function dialogueTitle({ node, command, mode, outcome, reason }: DialogueRecord): string {
  const how = outcome === 'answered' ? 'answered' : `${outcome}: ${reason ?? ''}`;
  return oneLine(`${shellWords(command)} on ${node}, over a ${mode}: ${how}`);
}

/** The files that a report's transcripts are in, in their order: several dialogues may have one name, such as that of a retry. */
export function transcriptFiles(dialogues: readonly Pick<DialogueRecord, 'name'>[]): string[] {
  const seen = new Map<string, number>();
  return dialogues.map(({ name }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return `${name}${count === 1 ? '' : `-${count}`}.txt`;
  });
}
