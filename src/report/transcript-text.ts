import type { DialogueRecord } from '../dialogue/dialogue-record.ts';
import { formatSeconds } from './format-duration.ts';

const WHO = { stdout: 'program', stderr: 'stderr', answer: 'answer' } as const;

/** A dialogue as text: who said what, when; a line for each line that was said, whether it ended or not. */
export function transcriptLines(dialogue: Pick<DialogueRecord, 'entries' | 'omittedBytes'>): string[] {
  const { entries, omittedBytes } = dialogue;
  const lines = entries.flatMap(({ atMs, who, text }) =>
    text
      .replace(/\n$/, '')
      .split('\n')
      .map((line, index) => {
        const when = index === 0 ? formatSeconds(atMs) : '';
        return `${when.padStart(7)}  ${WHO[who].padEnd(7)}  ${line}`.trimEnd();
      }),
  );
  return omittedBytes === 0 ? lines : [...lines, `(${omittedBytes} bytes of it are left out)`];
}

/** What a dialogue was, in a line above its words. */
export function dialogueTitle({ node, command, mode, outcome, reason }: DialogueRecord): string {
  const how = outcome === 'answered' ? 'answered' : `${outcome}: ${reason ?? ''}`;
  return `${command.join(' ')} on ${node}, over a ${mode}: ${how}`;
}
