import type { DialogueRecord } from '../dialogue/dialogue-record.ts';
import { formatSeconds } from './format-duration.ts';
import { oneLine } from './printable.ts';
import { shellWords } from './shell-words.ts';

const WHO = { stdout: 'program', stderr: 'stderr', answer: 'answer' } as const;

type Words = Pick<DialogueRecord, 'entries' | 'omittedBytes'>;

/** Of a transcript that is shown among other things: lines from its beginning, lines from its end, characters of each. */
const SHOWN = { first: 40, last: 20, longest: 500 };

/** Who said what, when: a row for each line that was said, whether it ended or not. */
export function transcriptRows({ entries }: Words): [when: string, who: string, said: string][] {
  return entries.flatMap(({ atMs, who, text }) => {
    const said = text.replace(/\n+$/, '');
    // An empty answer is one; an empty line of a program says nothing.
    if (said === '' && who !== 'answer') return [];
    return said.split('\n').map((line, index): [string, string, string] => {
      const when = index === 0 ? formatSeconds(atMs) : '';
      return [when.padStart(7), WHO[who].padEnd(7), said === '' ? '(an empty line)' : line];
    });
  });
}

/** A dialogue as text, whole. */
export function transcriptLines(dialogue: Words): string[] {
  const { omittedBytes } = dialogue;
  const lines = transcriptRows(dialogue).map((row) => row.join('  ').trimEnd());
  return omittedBytes === 0 ? lines : [...lines, `(${omittedBytes} bytes of it are left out)`];
}

/** {@link transcriptRows} without the middle of a long one, whose file is named. */
export function shownRows(dialogue: Words, file: string): [when: string, who: string, said: string][] {
  const { first, last, longest } = SHOWN;
  const rows = transcriptRows(dialogue).map(([when, who, said]): [string, string, string] => [
    when,
    who,
    said.length > longest ? `${said.slice(0, longest)} …` : said,
  ]);
  if (rows.length <= first + last) return rows;
  const left = `… ${rows.length - first - last} lines; all that was kept: transcripts/${file}`;
  return [...rows.slice(0, first), [' '.repeat(7), ' '.repeat(7), left], ...rows.slice(-last)];
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
