import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { KeptOutput } from '../../../src/own-tests/kept-output.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

function keep(t: ExecutionContext, ...chunks: string[]): { kept: KeptOutput; text: string } {
  const file = join(temporaryDirectory(t), 'folder', 'x.log');
  const kept = new KeptOutput(file, { head: 8, tail: 4 });
  for (const chunk of chunks) kept.write(Buffer.from(chunk));
  kept.close();
  return { kept, text: readFileSync(file, 'utf8') };
}

test('what fits into head and tail is kept whole, up to the last byte', (t) => {
  for (const text of ['', 'a', '12345678', '123456789', '123456789abc']) {
    const whole = keep(t, text);
    t.is(whole.text, text);
    t.is(whole.kept.omitted, 0);
    t.is(whole.kept.total, text.length);
    t.is(keep(t, ...text).text, text, 'byte by byte');
  }
});

test('one byte more, and the middle is left out and the file says how much', (t) => {
  for (const chunks of [['123456789abcd'], [...'123456789abcd'], ['12345', '6789abcd']]) {
    const { kept, text } = keep(t, ...chunks);
    t.is(text, '12345678\n[twinstack: 1 bytes of output are left out here]\nabcd');
    t.is(kept.omitted, 1);
  }
});

test('the last bytes, wherever the ring begins', (t) => {
  for (let length = 0; length < 20; length += 1) {
    const text = 'abcdefghijklmnopqrst'.slice(0, length);
    const { kept } = keep(t, ...text);
    t.is(kept.last(3).toString(), text.slice(-3));
    t.is(kept.last(100).toString(), text.slice(-4));
  }
});

test('a file that can not be written is told of and throws nothing', (t) => {
  const kept = new KeptOutput('/dev/null/x.log');
  kept.write(Buffer.from('x'));
  kept.close();
  t.regex(kept.error ?? '', /EEXIST|ENOTDIR/);
  const full = new KeptOutput('/dev/full');
  full.write(Buffer.from('x'));
  full.close();
  t.regex(full.error ?? '', /ENOSPC/);
  t.is(full.last(1).toString(), 'x', 'the report has the end all the same');
});
