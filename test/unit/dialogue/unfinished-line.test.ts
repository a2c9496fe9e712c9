import test from 'ava';
import { UnfinishedLine } from '../../../src/dialogue/unfinished-line.ts';

function after(...said: string[]): string {
  const line = new UnfinishedLine();
  for (const text of said) line.write(text);
  return line.text;
}

test('what stands after the last line end, as a terminal shows it', (t) => {
  t.is(after('one\ntwo\nName: '), 'Name: ');
  t.is(after('10 %\r20 %\rName: '), 'Name: ');
  t.is(after('Name: \r'), 'Name: ', 'a return alone wrote nothing over it');
  t.is(after('\u001b[1mName: \u001b[0m'), 'Name: ');
  t.is(after('\u001b]0;a title with spaces\u0007Name: '), 'Name: ');
});

test('an escape sequence is taken out wherever it is cut', (t) => {
  const text = '\u001b]0;k8s: title\u001b\\\u001b[1;38;5;214mName: \u001b[0m';
  for (let cut = 0; cut <= text.length; cut += 1) {
    t.is(after(text.slice(0, cut), text.slice(cut)), 'Name: ', `cut at ${cut}`);
    t.notRegex(after(text.slice(0, cut)), /\u001b|\[|;/, `before the cut at ${cut}`);
  }
});

test('lines that ended are handed out, and what was answered is forgotten', (t) => {
  const line = new UnfinishedLine();
  t.deepEqual(line.write('one\r\ntw'), ['one']);
  t.deepEqual(line.write('o\nName: '), ['two']);
  line.clear();
  t.is(line.text, '');
  t.deepEqual(line.write('Ada\n'), ['Ada']);
});

for (const [what, piece] of [
  ['begun window titles', '\u001b]0;'],
  ['begun escape codes', '\u001b['],
  ['parameters of an escape code', '1;'],
  ['parameters without a number', ';'],
  ['brackets', '[](#;?'],
  ['carriage returns', '\r'],
  ['spaces', ' '],
  ['questions', ': '],
] as const) {
  test(`a flood of ${what} costs no more than it is long`, (t) => {
    const line = new UnfinishedLine();
    const chunk = `\u001b[${piece.repeat(Math.ceil(4096 / piece.length))}`;
    const started = performance.now();
    // A megabyte: twice what a second may bring.
    for (let count = 0; count < 256; count += 1) {
      line.write(chunk);
      t.true(line.text.length <= 8192);
    }
    t.true(performance.now() - started < 2000, `${performance.now() - started} ms`);
  });
}

test('a flood of single characters costs no more than it is long', (t) => {
  const line = new UnfinishedLine();
  const started = performance.now();
  for (let count = 0; count < 100_000; count += 1) line.write('x');
  t.true(performance.now() - started < 2000, `${performance.now() - started} ms`);
  t.is(line.text.length, 8192);
});
