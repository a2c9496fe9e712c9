import test from 'ava';
import {
  dialogueTitle,
  shownRows,
  transcriptFiles,
  transcriptLines,
} from '../../../src/report/transcript-text.ts';
import type { DialogueRecord } from '../../../src/dialogue/dialogue-record.ts';

const entries: DialogueRecord['entries'] = [
  { atMs: 120, who: 'stderr', text: 'warning: one\nwarning: two\n' },
  { atMs: 1500, who: 'stdout', text: 'Which features? ' },
  { atMs: 1600, who: 'answer', text: 'network,dns\n' },
  { atMs: 1700, who: 'stdout', text: 'Proxy: ' },
  { atMs: 1800, who: 'answer', text: '\n' },
  { atMs: 1900, who: 'stdout', text: '\n' },
  { atMs: 61_000, who: 'stdout', text: 'Bootstrapped.\n\nIt will be ready.\n\n' },
];

test('the time stands where somebody begins to speak', (t) => {
  const times = transcriptLines({ entries, omittedBytes: 0 }).map((line) => line.slice(0, 7).trim());
  t.deepEqual(times, ['0.1s', '', '1.5s', '1.6s', '1.7s', '1.8s', '61.0s', '', '']);
});

test('empty lines of a program at the end say nothing; an empty answer is one', (t) => {
  const lines = transcriptLines({ entries, omittedBytes: 0 }).map((line) => line.slice(9));
  t.deepEqual(lines, [
    'stderr   warning: one',
    'stderr   warning: two',
    'program  Which features?',
    'answer   network,dns',
    'program  Proxy:',
    'answer   (an empty line)',
    'program  Bootstrapped.',
    'program',
    'program  It will be ready.',
  ]);
});

test('what is left out is counted', (t) => {
  t.is(transcriptLines({ entries: [], omittedBytes: 7 }).at(-1), '(7 bytes of it are left out)');
});

test('the title is one line that a shell could be given, with the outcome', (t) => {
  const record: DialogueRecord = {
    name: 'bootstrap',
    node: 'ts-a',
    command: ['k8s', 'bootstrap', '--name', 'a b'],
    mode: 'pty',
    outcome: 'silence',
    reason: 'it printed\nnothing',
    durationMs: 1,
    entries: [],
    omittedBytes: 0,
  };
  t.is(dialogueTitle(record), "k8s bootstrap --name 'a b' on ts-a, over a pty: silence: it printed nothing");
  t.regex(dialogueTitle({ ...record, outcome: 'answered', reason: null }), /over a pty: answered$/);
});

test('each transcript has a file of its own, those of retries too', (t) => {
  const names = ['bootstrap', 'join', 'bootstrap', 'bootstrap'].map((name) => ({ name }));
  t.deepEqual(transcriptFiles(names), ['bootstrap.txt', 'join.txt', 'bootstrap-2.txt', 'bootstrap-3.txt']);
});

test('of a flood a reader is shown both ends, short, and where all of it is', (t) => {
  const text = Array.from({ length: 5000 }, (_, index) => `${index} ${'x'.repeat(1000)}`).join('\n');
  const flood = { entries: [{ atMs: 1, who: 'stdout' as const, text }], omittedBytes: 9 };
  const rows = shownRows(flood, 'bootstrap.txt');
  t.is(rows.length, 61);
  t.true(rows.every(([, , said]) => said.length <= 502));
  t.true(rows.at(-1)?.[2].startsWith('4999 '));
  t.regex(rows[40]?.[2] ?? '', /4940 lines; all that was kept: transcripts\/bootstrap\.txt$/);
});
