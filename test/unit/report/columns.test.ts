import test from 'ava';
import { alignColumns } from '../../../src/report/columns.ts';
import { formatDuration, formatSeconds } from '../../../src/report/format-duration.ts';
import { printable } from '../../../src/report/printable.ts';
import { redact } from '../../../src/report/redact.ts';

const rows = [
  ['a', 'long name', 'words that go on and on'],
  ['\u001b[31mbbb\u001b[39m', 'n', 'x'],
];

test('cells stand below each other, colours not counted', (t) => {
  t.deepEqual(alignColumns(rows, { width: null, indent: 1 }), [
    ' a    long name  words that go on and on',
    ' \u001b[31mbbb\u001b[39m  n          x',
  ]);
});

test('the last cell is broken between words', (t) => {
  t.deepEqual(alignColumns(rows, { width: 36, indent: 0 }).slice(0, 2), [
    'a    long name  words that go on and',
    '                on',
  ]);
});

test('without room beside the others it stands below them', (t) => {
  t.deepEqual(alignColumns(rows, { width: 20, indent: 0 }).slice(0, 3), [
    'a    long name',
    '    words that go on',
    '    and on',
  ]);
});

const durations: [ms: number, seconds: string, duration: string][] = [
  [0, '0.0s', '0 ms'],
  [12.4, '0.0s', '12 ms'],
  [999.4, '1.0s', '999 ms'],
  [999.5, '1.0s', '1.0s'],
  [59_960, '60.0s', '60.0s'],
  [119_900, '119.9s', '119.9s'],
  [119_950, '2m 00s', '2m 00s'],
  [125_400, '2m 05s', '2m 05s'],
];
for (const [ms, seconds, duration] of durations) {
  test(`${ms} ms are ${seconds} or ${duration}`, (t) => {
    t.is(formatSeconds(ms), seconds);
    t.is(formatDuration(ms), duration);
  });
}

test('control characters are written out, lines and tabs stay', (t) => {
  t.is(printable('a\tb\r\nc\rd\u001b[0m\u009b\u202ee'), 'a\tb\nc\\x0dd\\x1b[0m\\x9b\\u202ee');
});

test('of two secrets in one another nothing is left', (t) => {
  t.deepEqual(redact({ a: 'x-secret-long-x', b: ['secret', 1, null, true] }, ['secret', 'secret-long', '']), {
    a: 'x-[redacted]-x',
    b: ['[redacted]', 1, null, true],
  });
  t.is(redact('a "q\\"x\\ny" b', ['q"x\ny']), 'a "[redacted]" b');
});
