import test from 'ava';
import { KnownPrompts, type Recognized } from '../../../src/dialogue/known-prompts.ts';
import type { DialoguePrompt } from '../../../src/dialogue/dialogue.ts';

const prompt = (name: string, pattern: string, more: Partial<DialoguePrompt> = {}): DialoguePrompt => ({
  name,
  pattern,
  answer: name,
  secret: false,
  optional: false,
  times: 1,
  ...more,
});

function ask(prompts: KnownPrompts, text: string): string {
  const found: Recognized = prompts.recognize(text);
  if (found.kind === 'answerable') prompts.answered(found.prompt);
  return found.kind === 'unknown' ? 'unknown' : `${found.kind} ${found.prompt.name}`;
}

test('in their order, each once', (t) => {
  const prompts = new KnownPrompts([prompt('a', '^A: $'), prompt('b', '^B: $')]);
  t.is(prompts.awaited?.name, 'a');
  t.is(ask(prompts, 'B: '), 'too-early b');
  t.is(ask(prompts, 'A: '), 'answerable a');
  t.is(ask(prompts, 'A: '), 'repeated a');
  t.is(ask(prompts, 'C: '), 'unknown');
  t.is(ask(prompts, 'B: '), 'answerable b');
  t.is(prompts.awaited, null);
});

test('prompts that read the same are asked one after the other', (t) => {
  const prompts = new KnownPrompts([prompt('password', '^Password: $'), prompt('again', '^Password: $')]);
  t.is(ask(prompts, 'Password: '), 'answerable password');
  t.is(ask(prompts, 'Password: '), 'answerable again');
  t.is(ask(prompts, 'Password: '), 'repeated again');
});

test('an optional one may be left out, or come; a repeated one may come again', (t) => {
  const all = [prompt('a', '^A'), prompt('b', '^B', { optional: true }), prompt('c', '^C', { times: 2 })];
  const without = new KnownPrompts(all);
  t.deepEqual(
    ['A', 'C', 'C', 'C'].map((text) => ask(without, text)),
    ['answerable a', 'answerable c', 'answerable c', 'repeated c'],
  );
  const withIt = new KnownPrompts(all);
  t.deepEqual(
    ['A', 'B', 'B', 'C'].map((text) => ask(withIt, text)),
    ['answerable a', 'answerable b', 'repeated b', 'answerable c'],
  );
});

test('a pattern that is no regular expression is told at once', (t) => {
  t.throws(() => new KnownPrompts([prompt('a', '(')]), { instanceOf: SyntaxError });
});

test('a pattern that comes to no end is told after a moment, and stands in nobody else’s way', (t) => {
  const started = performance.now();
  const prompts = new KnownPrompts([
    prompt('a', '^A: $'),
    prompt('endless', '^(x+x+)+y$', { optional: true }),
  ]);
  t.is(ask(prompts, 'A: '), 'answerable a');
  t.is(ask(prompts, `${'x'.repeat(200)}: `), 'endless-pattern endless');
  t.true(performance.now() - started < 5000);
});
