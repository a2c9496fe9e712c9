import test, { type ExecutionContext } from 'ava';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Builder, BUILD_NAME } from '../../../src/run/builder.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { RunStore } from '../../../src/run/run-store.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { Program } from '../../support/in-memory-node.ts';
import type { RootPlaceOptions } from '../../../src/images/build/root-place.ts';

const FOLDERS = [{ path: '/usr', writable: false }];
const OPTIONS: RootPlaceOptions = { timeoutMs: 1000, signal: never(), onLine: () => undefined };

function scene(
  t: ExecutionContext,
  program: Program,
  abandoned = never(),
): { provider: InMemoryProvider; builder: Builder; store: RunStore; runs: () => Promise<string[]> } {
  const directory = temporaryDirectory(t);
  const provider = new InMemoryProvider(program);
  const store = new RunStore(directory);
  const builder = new Builder([provider], store, directory, abandoned);
  return { provider, builder, store, runs: () => readdir(join(directory, 'runs')) };
}

const builderOf = (provider: InMemoryProvider): string | undefined =>
  provider.log.find((call) => call.startsWith('startBuilder'))?.split(' ')[1];

test('a command runs in an instance that is journaled and leased, and gone afterwards with its record', async (t) => {
  let during: { journal: unknown; state: string | undefined; lease: unknown } | null = null;
  const { provider, builder, store, runs } = scene(t, async () => {
    const [record] = await store.list();
    const name = builderOf(provider) ?? '';
    during = {
      journal: store.journalOf(record?.runId ?? '').remaining(),
      state: record?.state,
      lease: provider.find('instance', name)?.lease,
    };
    t.is(record?.scenario.name, BUILD_NAME);
    t.deepEqual(during, { journal: [{ kind: 'instance', name }], state: 'running', lease: record?.lease });
    return { exitCode: 0 };
  });
  await builder.run(['build', 'it'], FOLDERS, OPTIONS);
  t.truthy(during);
  t.deepEqual(await provider.listOwned({ timeoutMs: 1000, signal: never() }), []);
  t.deepEqual(await runs(), []);
});

test('a command that fails: its error, and nothing is left', async (t) => {
  const { provider, builder, runs } = scene(t, () => Promise.resolve({ exitCode: 1, stderr: 'no space' }));
  await t.throwsAsync(builder.run(['build'], FOLDERS, OPTIONS), { message: /no space/ });
  t.is(provider.find('instance', builderOf(provider) ?? ''), null);
  t.deepEqual(await runs(), []);
});

test('an aborted build removes its instance and rejects with the reason', async (t) => {
  const abort = new AbortController();
  const reason = new Error('stop');
  const { provider, builder, runs } = scene(t, () => {
    abort.abort(reason);
    return Promise.reject(reason);
  });
  const error = await t.throwsAsync(builder.run(['build'], FOLDERS, { ...OPTIONS, signal: abort.signal }));
  t.is(error, reason);
  t.is(provider.find('instance', builderOf(provider) ?? ''), null);
  t.deepEqual(await runs(), []);
});

test('an engine that is not there is a preflight failure before anything is recorded', async (t) => {
  const { provider, builder, runs } = scene(t, () => Promise.resolve({ exitCode: 0 }));
  const failure = { class: 'preflight', step: 'preflight', message: 'no engine', hint: null } as const;
  provider.faults.arm('info', { effect: 'fail', error: new FailureError(failure) });
  await t.throwsAsync(builder.check(never()), { instanceOf: FailureError, message: /no engine/ });
  await t.throwsAsync(runs(), { code: 'ENOENT' });
});

test('an instance that can not be removed: the build fails and says so, and its record stays for gc', async (t) => {
  const abandon = new AbortController();
  const program: Program = () => Promise.resolve(abandon.abort()).then(() => ({ exitCode: 0 }));
  const { provider, builder, store, runs } = scene(t, program, abandon.signal);
  provider.faults.arm('remove', { effect: 'fail', error: new Error('busy') }, { times: 1000 });
  const error = await t.throwsAsync(builder.run(['build'], FOLDERS, OPTIONS), { instanceOf: FailureError });
  t.is(error.failure.class, 'infrastructure');
  t.regex(error.message, /the builder ts-\w{6}-builder could not be removed/);
  t.regex(error.failure.hint ?? '', /gc/);
  const [runId = ''] = await runs();
  t.is(store.journalOf(runId).remaining().length, 1);
});

test('the first engine that answers lends the machine', async (t) => {
  const directory = temporaryDirectory(t);
  const program: Program = () => Promise.resolve({ exitCode: 0 });
  const [absent, present] = [new InMemoryProvider(program), new InMemoryProvider(program)];
  const failure = { class: 'preflight', step: 'preflight', message: 'no engine', hint: null } as const;
  absent.faults.arm('info', { effect: 'fail', error: new FailureError(failure) }, { times: 1000 });
  const builder = new Builder([absent, present], new RunStore(directory), directory, never());
  await builder.check(never());
  await builder.run(['build'], FOLDERS, OPTIONS);
  t.is(builderOf(absent), undefined);
  t.truthy(builderOf(present));
});
