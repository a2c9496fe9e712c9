import test from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { processStartTicks } from '../../../../src/run/lease.ts';
import { waitUntil, type Look } from '../../../../src/run/wait-until.ts';
import { never } from '../../../support/never.ts';

test('a tethered program ends with us and everything that it started, a SIGKILL included', async (t) => {
  const script = fileURLToPath(new URL('tethered-program.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import=tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const pids = said.toString().trim().split(' ').map(Number);
  t.is(pids.length, 2);
  t.true((await Promise.all(pids.map((pid) => processStartTicks(pid)))).every((ticks) => ticks !== null));
  child.kill('SIGKILL');
  const look = async (): Promise<Look<null>> => {
    const running = await Promise.all(
      pids.map(async (pid) => ((await processStartTicks(pid)) === null ? [] : [pid])),
    );
    return running.flat().length === 0
      ? { met: true, value: null }
      : { met: false, missing: `process ${running.flat().join(', ')} still runs` };
  };
  const condition = 'both programs are gone';
  await t.notThrowsAsync(waitUntil(look, { condition, timeoutMs: 10_000, intervalMs: 20, signal: never() }));
});
