import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { withFileLock } from '../../../src/run/file-lock.ts';
import { WaitTimeoutError } from '../../../src/run/wait-until.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const OPTIONS = { condition: 'the lock is ours', timeoutMs: 10_000, signal: never() };
const MODULE = fileURLToPath(new URL('../../../src/run/file-lock.ts', import.meta.url));

/** A process that holds the lock until it is killed; resolves once it does. */
async function holderOf(t: ExecutionContext, file: string): Promise<ChildProcess> {
  const script = `
    import { withFileLock } from ${JSON.stringify(MODULE)};
    const options = { condition: 'held', timeoutMs: 10000, signal: new AbortController().signal };
    await withFileLock(${JSON.stringify(file)}, options, () => {
      console.log('held');
      return new Promise((resolve) => setTimeout(resolve, 60000));
    });`;
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('a lock that another process holds is waited for, and a killed process holds none', async (t) => {
  const file = join(temporaryDirectory(t), 'locks', 'network.lock');
  const child = await holderOf(t, file);
  let killed = false;
  const onWait = (): void => {
    killed = true;
    child.kill('SIGKILL');
  };
  const result = await withFileLock(file, { ...OPTIONS, onWait }, () => Promise.resolve('done'));
  t.is(result, 'done');
  t.true(killed, 'it did not wait');
});

test('the deadline says what was waited for and which file is held', async (t) => {
  const file = join(temporaryDirectory(t), 'network.lock');
  await withFileLock(file, OPTIONS, async () => {
    const second = withFileLock(file, { ...OPTIONS, timeoutMs: 30 }, () => Promise.resolve());
    const error = await t.throwsAsync(second, { instanceOf: WaitTimeoutError });
    t.regex(error?.message ?? '', /the lock is ours.*another process holds .*network\.lock/);
  });
});

test('an abort ends the wait', async (t) => {
  const file = join(temporaryDirectory(t), 'network.lock');
  const controller = new AbortController();
  const reason = new Error('enough');
  await withFileLock(file, OPTIONS, async () => {
    const options = { ...OPTIONS, signal: controller.signal, onWait: () => controller.abort(reason) };
    t.is(await t.throwsAsync(withFileLock(file, options, () => Promise.resolve())), reason);
  });
});

test('many at once come one after the other, also when the work fails', async (t) => {
  const file = join(temporaryDirectory(t), 'network.lock');
  let inside = 0;
  const work = async (index: number): Promise<void> => {
    inside += 1;
    t.is(inside, 1);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    if (index === 0) throw new Error('work');
  };
  const results = await Promise.allSettled([0, 1, 2].map((i) => withFileLock(file, OPTIONS, () => work(i))));
  t.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
});
