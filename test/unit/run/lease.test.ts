import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  decodeLease,
  encodeLease,
  leaseState,
  processStartTicks,
  takeLease,
  type Lease,
} from '../../../src/run/lease.ts';
import { waitUntil, type Look } from '../../../src/run/wait-until.ts';
import { never } from '../../support/never.ts';
import { sampleLease } from '../../support/owner.ts';

const EXPIRY = Date.parse(sampleLease().expiresAt);

test('a lease comes back from its label', (t) => {
  const lease = sampleLease();
  t.deepEqual(decodeLease(encodeLease(lease)), lease);
  t.false(encodeLease(lease).includes('\n'));
});

for (const text of [
  '',
  'null',
  '{}',
  '[]',
  '"text"',
  'not json',
  '["m","b",1,2]',
  '["m","b","1",2,"t"]',
  '[1,"b",1,2,"t"]',
]) {
  test(`a label that we did not write is no lease: ${text}`, (t) => {
    t.is(decodeLease(text), null);
  });
}

test('our own lease is alive', async (t) => {
  const state = await leaseState(await takeLease(0));
  t.like(state, { alive: true, reason: `process ${process.pid} is running` });
});

const cases: { title: string; change: Partial<Lease>; alive: boolean; reason: RegExp }[] = [
  { title: 'a dead pid', change: { pid: 2 ** 22 + 1 }, alive: false, reason: /process \d+ is gone/ },
  { title: 'a pid that another process has now', change: { startTicks: 1 }, alive: false, reason: /is gone/ },
  { title: 'another boot', change: { bootId: 'before' }, alive: false, reason: /was restarted/ },
];
for (const { title, change, alive, reason } of cases) {
  test(`on the same machine, ${title}: ${alive ? 'alive' : 'collectable at once'}`, async (t) => {
    const state = await leaseState({ ...(await takeLease(3_600_000)), ...change });
    t.is(state.alive, alive);
    t.regex(state.reason, reason);
  });
}

for (const { when, now, alive } of [
  { when: 'a millisecond before its expiry', now: EXPIRY - 1, alive: true },
  { when: 'at its expiry', now: EXPIRY, alive: false },
]) {
  test(`another machine's lease ${when}: ${alive ? 'alive' : 'collectable'}`, async (t) => {
    t.is((await leaseState(sampleLease({ machineId: 'elsewhere', pid: process.pid }), now)).alive, alive);
  });

  test(`a kept run, which no process owns, ${when}: ${alive ? 'alive' : 'collectable'}`, async (t) => {
    const here = await takeLease(0);
    const kept = { ...here, pid: 0, startTicks: 0, expiresAt: sampleLease().expiresAt };
    const state = await leaseState(kept, now);
    t.is(state.alive, alive);
    t.regex(state.reason, /kept until/);
  });
}

test('a process that has ended and was not reaped yet is gone', async (t) => {
  // Its parent is stopped before the child ends, so that nobody reaps it until the parent is killed.
  const script = `
    const child = require('child_process').spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin._handle.unref();
    console.log(child.pid);
    process.kill(child.pid, 'SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => parent.kill('SIGKILL'));
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  const lease = await takeLease(3_600_000, pid);
  t.true((await leaseState(lease)).alive, 'before it ends');
  await waitForState(parent.pid ?? 0, 'T');
  process.kill(pid, 'SIGKILL');
  await waitForState(pid, 'Z');
  t.is(await processStartTicks(pid), null);
  t.false((await leaseState(lease)).alive);
});

async function waitForState(pid: number, wanted: string): Promise<void> {
  await waitUntil(
    (): Promise<Look<null>> => {
      const state = /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
      return Promise.resolve(
        state === wanted ? { met: true, value: null } : { met: false, missing: `state ${state}` },
      );
    },
    {
      condition: `process ${pid} is in state ${wanted}`,
      timeoutMs: 5000,
      intervalMs: 10,
      signal: never(),
    },
  );
}
