import test from 'ava';
import { LastLines } from '../../../src/dialogue/last-lines.ts';

test('the last eight lines that hold anything, an open one too', (t) => {
  const lines = new LastLines();
  for (let count = 1; count <= 20; count += 1) lines.write(`line ${count}\r\n\n`);
  lines.write('no end');
  t.deepEqual(lines.lines, [14, 15, 16, 17, 18, 19, 20].map((count) => `line ${count}`).concat('no end'));
});

test('lines are as a terminal shows them: colours and what was written over are gone', (t) => {
  const lines = new LastLines();
  lines.write('10 %\r20 %\r\u001b[31mError: no\u001b[0m\n');
  t.deepEqual(lines.lines, ['Error: no']);
});

test('a line is cut at 500 characters, never within one', (t) => {
  const lines = new LastLines();
  lines.write(`${'x'.repeat(499)}😀 and more\n`);
  t.is(lines.lines[0], `${'x'.repeat(499)}\ufffd`);
  lines.write(`${'y'.repeat(700)}: `);
  t.is(lines.open, `${'y'.repeat(498)}: `, 'of an open one the end is kept: there it asks');
});

test('what came since the mark is known', (t) => {
  const lines = new LastLines();
  lines.write('old\nName: ');
  lines.endLine();
  lines.mark();
  t.is(lines.lastSinceMark, null);
  lines.write('new\nopen');
  t.is(lines.lastSinceMark, 'new');
  t.deepEqual(lines.lines, ['old', 'Name: ', 'new', 'open']);
});
