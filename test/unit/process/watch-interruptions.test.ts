import { EventEmitter } from 'node:events';
import test from 'ava';
import { watchInterruptions, type Interruptions } from '../../../src/process/watch-interruptions.ts';

/** Signals at given milliseconds, and what became of them. */
function after(
  ...signals: readonly (readonly [signal: 'SIGINT' | 'SIGTERM', atMs: number])[]
): Interruptions & { said: string[] } {
  const source = new EventEmitter();
  const said: string[] = [];
  let now = 0;
  const watched = watchInterruptions(
    source as unknown as NodeJS.Process,
    (text) => said.push(text),
    () => now,
  );
  for (const [signal, atMs] of signals) {
    now = atMs;
    source.emit(signal);
  }
  const { interrupted, abandoned, exitCode } = watched;
  return { interrupted, abandoned, exitCode, said };
}

test('no signal', (t) => {
  const { interrupted, abandoned, exitCode } = after();
  t.deepEqual([interrupted.aborted, abandoned.aborted, exitCode], [false, false, null]);
});

test('the first signal interrupts and decides the status', (t) => {
  t.is(after(['SIGINT', 0]).exitCode, 130);
  t.is(after(['SIGTERM', 0]).exitCode, 143);
  t.is(after(['SIGTERM', 0], ['SIGINT', 5000]).exitCode, 143);
  t.true(after(['SIGTERM', 0]).interrupted.aborted);
});

test("npm's second SIGINT within a second is the same one", (t) => {
  t.false(after(['SIGINT', 0], ['SIGINT', 1]).abandoned.aborted);
  t.false(after(['SIGINT', 0], ['SIGINT', 999]).abandoned.aborted);
  t.true(after(['SIGINT', 0], ['SIGINT', 1000]).abandoned.aborted);
});

test('a second Ctrl-C gives the clean-up up and says how to remove what is left', (t) => {
  const { abandoned, said } = after(['SIGINT', 0], ['SIGINT', 1], ['SIGINT', 3000], ['SIGINT', 6000]);
  t.true(abandoned.aborted);
  t.is(said.length, 1);
  t.regex(said[0] ?? '', /`gc`/);
});

test('SIGTERM after SIGINT never shortens the clean-up', (t) => {
  t.false(after(['SIGINT', 0], ['SIGTERM', 1], ['SIGTERM', 5000]).abandoned.aborted);
});
