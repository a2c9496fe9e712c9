import test from 'ava';
import { Transcript } from '../../../src/dialogue/transcript.ts';

const said = (transcript: Transcript): string[] =>
  transcript.content.entries.map(({ who, text }) => `${who} ${text}`);

test('a line end is one wherever it is cut, and a return that stays alone is written out', (t) => {
  const transcript = new Transcript(() => 0);
  transcript.add('stdout', 'one\r');
  transcript.add('stdout', '\ntwo\r\n');
  transcript.add('stdout', '10 %\r');
  transcript.add('stdout', '20 %');
  t.deepEqual(said(transcript), ['stdout one\ntwo\n10 %\\x0d20 %']);
});

test('streams that alternate by single characters do not fill a report', (t) => {
  let now = 0;
  const transcript = new Transcript(() => (now += 1));
  for (let count = 0; count < 300_000; count += 1) transcript.add(count % 2 === 0 ? 'stdout' : 'stderr', 'x');
  const { entries, omittedBytes } = transcript.content;
  t.true(JSON.stringify(entries).length < 512 * 1024, String(JSON.stringify(entries).length));
  const kept = entries.reduce((sum, { text }) => sum + text.length, 0);
  t.is(kept + omittedBytes, 300_000);
});

test('head and tail of a long one are kept, and what lies between is counted', (t) => {
  const transcript = new Transcript(() => 0);
  transcript.add('stdout', 'first\n');
  for (let count = 0; count < 1000; count += 1) transcript.add('stdout', `${'x'.repeat(1023)}\n`);
  transcript.add('stdout', 'last\n');
  const { entries, omittedBytes } = transcript.content;
  const text = entries.map((entry) => entry.text).join('');
  t.true(text.startsWith('first\n') && text.endsWith('last\n'));
  t.true(text.length <= 128 * 1024);
  t.is(text.length + omittedBytes, 6 + 1000 * 1024 + 5);
});

test('a drip of single characters into a full transcript costs no more than it is long', (t) => {
  const transcript = new Transcript(() => 0);
  transcript.add('stdout', 'x'.repeat(60 * 1024));
  transcript.add('stdout', 'y'.repeat(70 * 1024));
  // Of this process alone: what else the machine does is no matter.
  const before = process.cpuUsage();
  for (let count = 0; count < 100_000; count += 1) transcript.add('stdout', 'z');
  const { user } = process.cpuUsage(before);
  t.true(user < 2_000_000, `${user / 1000} ms`);
});

test('a character of two halves is not cut', (t) => {
  const transcript = new Transcript(() => 0);
  transcript.add('stdout', 'x'.repeat(64 * 1024));
  for (let count = 0; count < 60_000; count += 1) transcript.add('stdout', '😀');
  const text = transcript.content.entries.map((entry) => entry.text).join('');
  t.is(Buffer.from(text).toString(), text);
});
