import test from 'ava';
import { waitUntil, WaitTimeoutError, type Look } from '../../../src/run/wait-until.ts';
import { never } from '../../support/never.ts';

const base = { condition: 'the kettle boils', timeoutMs: 5000, intervalMs: 1 };
const missing = (text: string): Promise<Look<never>> => Promise.resolve({ met: false, missing: text });
const met = <T>(value: T): Promise<Look<T>> => Promise.resolve({ met: true, value });

test('gives the value of the first look that is met, and counts looks from 1', async (t) => {
  const attempts: number[] = [];
  const look = (attempt: number): Promise<Look<string>> => {
    attempts.push(attempt);
    return attempt < 3 ? missing('cold') : met('hot');
  };
  t.is(await waitUntil(look, { ...base, signal: never() }), 'hot');
  t.deepEqual(attempts, [1, 2, 3]);
});

test('a condition that is met at once needs no time at all', async (t) => {
  t.is(await waitUntil(() => met(1), { ...base, timeoutMs: 0, intervalMs: 1000, signal: never() }), 1);
});

test('the deadline names the condition and what was seen last', async (t) => {
  const call = waitUntil((attempt) => missing(`${attempt === 1 ? 'cold' : 'lukewarm'}`), {
    ...base,
    timeoutMs: 60,
    intervalMs: 5,
    signal: never(),
  });
  const error = await t.throwsAsync(call, { instanceOf: WaitTimeoutError });
  t.is(error?.message, 'not met within 0.06 s: the kettle boils (last seen: lukewarm)');
  t.like(error, { condition: 'the kettle boils', lastSeen: 'lukewarm' });
});

test('the deadline holds while a look takes no notice of anything', async (t) => {
  const call = waitUntil(() => new Promise<Look<null>>(() => {}), {
    ...base,
    timeoutMs: 30,
    signal: never(),
  });
  const error = await t.throwsAsync(call, { instanceOf: WaitTimeoutError });
  t.is(error?.lastSeen, 'the first look has not ended');
});

test('a look that is under way is told when its time is over', async (t) => {
  let told: AbortSignal | null = null;
  const look = (_attempt: number, signal: AbortSignal): Promise<Look<null>> => {
    told = signal;
    return new Promise(() => {});
  };
  await t.throwsAsync(waitUntil(look, { ...base, timeoutMs: 30, signal: never() }));
  t.true((told as AbortSignal | null)?.aborted);
});

test('a look that throws ends the wait with its error', async (t) => {
  const reason = new Error('no kettle');
  const call = waitUntil(() => Promise.reject(reason), { ...base, signal: never() });
  t.is(await t.throwsAsync(call), reason);
});

for (const { when, look } of [
  { when: 'during a look', look: () => new Promise<Look<null>>(() => {}) },
  { when: 'between two looks', look: () => missing('cold') },
]) {
  test(`an abort ${when} rejects with its reason`, async (t) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const call = waitUntil(look, { ...base, intervalMs: 4000, signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    t.is(await t.throwsAsync(call), reason);
  });
}

test('an aborted signal means not a single look', async (t) => {
  const reason = new Error('before');
  const look = (): Promise<Look<null>> => {
    t.fail('looked');
    return missing('');
  };
  t.is(await t.throwsAsync(waitUntil(look, { ...base, signal: AbortSignal.abort(reason) })), reason);
});
