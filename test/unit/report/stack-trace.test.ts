import test from 'ava';
import { stackTrace } from '../../../src/report/stack-trace.ts';

test('an error with its causes, down to what is no error', (t) => {
  const error = new Error('outer', { cause: new TypeError('inner', { cause: { code: 'E1' } }) });
  const blocks = stackTrace(error).split('\n\n');
  t.is(blocks.length, 3);
  t.regex(blocks[0] ?? '', /^Error: outer\n\s+at /);
  t.regex(blocks[1] ?? '', /^Caused by: TypeError: inner\n\s+at /);
  t.is(blocks[2], 'Caused by: {"code":"E1"}\n');
});

test('several errors, and one that is its own cause', (t) => {
  const circle = new Error('circle');
  circle.cause = circle;
  const text = stackTrace(new AggregateError([circle, 'just text'], 'both'));
  t.regex(text, /^AggregateError: both/);
  t.is(text.match(/Error: circle/g)?.length, 1);
  t.true(text.includes('One of them: just text'));
});

test('whatever is thrown can be shown', (t) => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  t.is(stackTrace(circular), '[object Object]\n');
  t.is(stackTrace(null), 'null\n');
  t.is(stackTrace(Symbol('x')), 'Symbol(x)\n');
});
