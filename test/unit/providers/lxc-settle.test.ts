import test from 'ava';
import { LXD } from '../../../src/providers/lxc/dialect.ts';
import { LxcProvider } from '../../../src/providers/lxc/lxc-provider.ts';
import { never } from '../../support/never.ts';
import type { CommandRunner } from '../../../src/process/command-runner.ts';

const CALL = { timeoutMs: 5000, signal: never() };

/** What LXD lists: an operation that has ended stays in its list for five seconds. */
function operation(status: number): unknown {
  const resources = { instances: ['/1.0/instances/ts-k7f3q2-worker-1'] };
  return { id: String(status), status_code: status, may_cancel: false, resources };
}

/** An engine whose list of operations is another one at each look; the last one stays. */
function engineOf(...looks: unknown[][]): { runner: CommandRunner; asked(): number } {
  let asked = 0;
  const run: CommandRunner['run'] = (_file, args) => {
    const isList = args.some((arg) => arg.includes('/operations?'));
    const operations = isList ? looks[Math.min(asked++, looks.length - 1)] : {};
    return Promise.resolve({
      exitCode: 0,
      stdout: JSON.stringify({ any: operations }),
      stderr: '',
      durationMs: 1,
    });
  };
  return { runner: { run }, asked: () => asked };
}

for (const { title, status } of [
  { title: 'succeeded', status: 200 },
  { title: 'failed', status: 400 },
  { title: 'was cancelled', status: 401 },
]) {
  test(`what ${title} and is still listed is not waited for`, async (t) => {
    const engine = engineOf([operation(status)]);
    await new LxcProvider(LXD, engine.runner).settle(['ts-k7f3q2-worker-1'], CALL);
    t.is(engine.asked(), 1);
  });
}

for (const { title, status } of [
  { title: 'running', status: 103 },
  { title: 'cancelling', status: 104 },
  { title: 'pending', status: 105 },
]) {
  test(`what is ${title} is waited for until it has ended`, async (t) => {
    const engine = engineOf([operation(status)], [operation(status)], [operation(200)]);
    await new LxcProvider(LXD, engine.runner).settle(['ts-k7f3q2-worker-1'], CALL);
    t.is(engine.asked(), 3);
  });
}
