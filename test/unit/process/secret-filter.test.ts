import test from 'ava';
import { SecretFilter } from '../../../src/process/secret-filter.ts';

function pass(secrets: string[], ...chunks: Buffer[]): Buffer {
  const filter = new SecretFilter(() => secrets);
  return Buffer.concat([...chunks.map((chunk) => filter.write(chunk)), filter.end()]);
}

test('wherever a secret is cut, nothing of it comes through', (t) => {
  const text = Buffer.from('before abc.def after');
  for (let cut = 0; cut <= text.length; cut += 1) {
    const out = pass(['abc.def'], text.subarray(0, cut), text.subarray(cut));
    t.is(out.toString(), 'before [redacted] after', `cut at ${cut}`);
  }
  const bytes = [...text].map((byte) => Buffer.from([byte]));
  t.is(pass(['abc.def', 'abc.defgh'], ...bytes).toString(), 'before [redacted] after');
});

test('every other byte is as it was', (t) => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  t.deepEqual(pass(['abc.def'], all, all), Buffer.concat([all, all]));
  t.deepEqual(pass([], all), all);
  t.is(pass(['abc.def'], Buffer.from('abc.de')).toString(), 'abc.de', 'a beginning alone is no secret');
});

test('a secret that is made while the stream runs counts from then on', (t) => {
  const secrets: string[] = [];
  const filter = new SecretFilter(() => secrets);
  t.is(filter.write(Buffer.from('token ')).toString(), 'token ');
  secrets.push('abc');
  t.is(filter.write(Buffer.from('abc')).toString(), '[redacted]');
});
