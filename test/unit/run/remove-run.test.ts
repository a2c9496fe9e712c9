import test, { type ExecutionContext } from 'ava';
import { Journal } from '../../../src/run/journal.ts';
import { removeRun, type RemovalOptions } from '../../../src/run/remove-run.ts';
import { REMOVAL_ORDER, type CallOptions, type ResourceSpec } from '../../../src/providers/provider.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { sampleOwner } from '../../support/owner.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { planOf } from '../providers/run-objects.ts';

const RUN = 'k7f3q2';
const { specs, nameOf } = planOf(RUN, { image: 'image', pool: 'pool' });
const CALL: CallOptions = { timeoutMs: 5000, signal: never() };
const PATIENT: RemovalOptions = { timeoutMs: 10_000, signal: never() };
const HURRIED: RemovalOptions = { timeoutMs: 60, signal: never() };
const broken = (message: string): { effect: 'fail'; error: Error } => ({
  effect: 'fail',
  error: new Error(message),
});

const RULE = {
  kind: 'forward-rule',
  name: nameOf('forward-rule'),
  bridge: nameOf('network'),
  family: 'IPv4',
  egress: 'blocked',
} as const satisfies ResourceSpec;

const BLOCK = {
  kind: 'egress-block',
  name: nameOf('egress-block'),
  bridge: nameOf('network'),
} as const satisfies ResourceSpec;

/** What a run creates itself; a lease is made when it is kept. */
const CREATED = REMOVAL_ORDER.filter((kind) => kind !== 'lease');

interface Scene {
  readonly provider: InMemoryProvider;
  readonly journal: Journal;
}

/** A run with one object of each kind. */
async function sceneOf(t: ExecutionContext): Promise<Scene> {
  const provider = new InMemoryProvider();
  const journal = new Journal(temporaryDirectory(t));
  for (const spec of [...specs.slice(0, 2), RULE, BLOCK, ...specs.slice(2)]) {
    journal.creating(spec);
    await provider.create(spec, sampleOwner(RUN), CALL);
  }
  provider.log.length = 0;
  return { provider, journal };
}

const left = async ({ provider }: Scene): Promise<string[]> =>
  (await provider.listOwned(CALL)).map(({ kind }) => kind);

test('removes what uses another before what it uses, tells of each, and empties the journal', async (t) => {
  const scene = await sceneOf(t);
  const told: string[] = [];
  const onProgress = (text: string): void => void told.push(text);
  const result = await removeRun(scene.provider, RUN, scene.journal, { ...PATIENT, onProgress });
  t.deepEqual(result, { outcome: 'complete', leaked: [], errors: [] });
  t.deepEqual(
    told,
    CREATED.map((kind) => `removing ${kind} ${nameOf(kind)}`),
  );
  t.deepEqual(scene.journal.remaining(), []);
});

test('settles before it lists: what lands late is removed too', async (t) => {
  const scene = await sceneOf(t);
  const late: ResourceSpec = { ...specs[3], name: `ts-${RUN}-worker-1` };
  scene.journal.creating(late);
  scene.provider.faults.arm('create', { effect: 'land-late' });
  const call = { timeoutMs: 20, signal: never() };
  await t.throwsAsync(scene.provider.create(late, sampleOwner(RUN), call));
  t.is((await removeRun(scene.provider, RUN, scene.journal, PATIENT)).outcome, 'complete');
  t.deepEqual(await left(scene), []);
});

test('works from labels alone, without a journal', async (t) => {
  const scene = await sceneOf(t);
  const empty = new Journal(temporaryDirectory(t));
  t.is((await removeRun(scene.provider, RUN, empty, PATIENT)).outcome, 'complete');
  t.deepEqual(await left(scene), []);
});

test('tries again until nothing is left, and still tells what went wrong on the way', async (t) => {
  const scene = await sceneOf(t);
  scene.provider.faults.arm('remove', broken('busy'));
  const result = await removeRun(scene.provider, RUN, scene.journal, PATIENT);
  t.like(result, { outcome: 'complete', leaked: [] });
  t.true(result.errors.includes(`instance ${nameOf('instance')}: busy`), result.errors.join());
  t.deepEqual(await left(scene), []);
});

test('an engine that can not list for a moment is asked again', async (t) => {
  const scene = await sceneOf(t);
  scene.provider.faults.arm('listOwned', broken('restarting'), { times: 2 });
  const result = await removeRun(scene.provider, RUN, scene.journal, PATIENT);
  t.like(result, { outcome: 'complete', errors: ['restarting'] });
  t.deepEqual(await left(scene), []);
});

test('an engine that never lists again: incomplete, with what the journal names', async (t) => {
  const scene = await sceneOf(t);
  scene.provider.faults.arm('listOwned', broken('gone'), { times: 1000 });
  const result = await removeRun(scene.provider, RUN, scene.journal, HURRIED);
  t.like(result, { outcome: 'incomplete', errors: ['gone'] });
  t.deepEqual(result.leaked.map(({ kind }) => kind).sort(), [...CREATED].sort());
});

test('an operation that does not end keeps nothing else from being removed, and the verdict is honest', async (t) => {
  const scene = await sceneOf(t);
  scene.provider.faults.arm('settle', broken('still working'), { times: 1000 });
  const result = await removeRun(scene.provider, RUN, scene.journal, { ...PATIENT, timeoutMs: 400 });
  t.like(result, { outcome: 'incomplete', leaked: [], errors: ['still working'] });
  t.deepEqual(await left(scene), []);
});

test('an operation that ends in time costs only another round', async (t) => {
  const scene = await sceneOf(t);
  scene.provider.faults.arm('settle', broken('still working'));
  const result = await removeRun(scene.provider, RUN, scene.journal, PATIENT);
  t.like(result, { outcome: 'complete', errors: ['still working'] });
  const settled = scene.provider.log.filter((call) => call.startsWith('settle'));
  t.is(settled.length, 2);
  for (const call of settled) t.true(call.includes(nameOf('instance')), 'it asks again about the same names');
});

test('what can not be removed is leaked at the deadline, and stays in the journal', async (t) => {
  const scene = await sceneOf(t);
  scene.provider.faults.arm('remove', broken('stuck'), { times: 1000 });
  const result = await removeRun(scene.provider, RUN, scene.journal, HURRIED);
  t.is(result.outcome, 'incomplete');
  const instance = { kind: 'instance', name: nameOf('instance') };
  t.true(result.leaked.some((ref) => JSON.stringify(ref) === JSON.stringify(instance)));
  t.deepEqual(scene.journal.remaining()[0], instance);
});

test('a call that does not answer does not outlive the deadline of the whole', async (t) => {
  const scene = await sceneOf(t);
  scene.provider.faults.arm('listOwned', { effect: 'hang' }, { times: 1000 });
  const started = performance.now();
  const result = await removeRun(scene.provider, RUN, scene.journal, { ...PATIENT, timeoutMs: 300 });
  t.is(result.outcome, 'incomplete');
  t.true(performance.now() - started < 3000);
});

test('a user who does not want to wait is told at once what may be left', async (t) => {
  const scene = await sceneOf(t);
  scene.provider.faults.arm('remove', { effect: 'hang' });
  const abandoned = new AbortController();
  const onProgress = (): void => abandoned.abort(new Error('abandoned'));
  const options = { ...PATIENT, signal: abandoned.signal, onProgress };
  const result = await removeRun(scene.provider, RUN, scene.journal, options);
  t.is(result.outcome, 'incomplete');
  t.deepEqual(result.leaked.map(({ kind }) => kind).sort(), [...CREATED].sort());
});

test('nothing was made: complete at once', async (t) => {
  const journal = new Journal(temporaryDirectory(t));
  t.is((await removeRun(new InMemoryProvider(), RUN, journal, HURRIED)).outcome, 'complete');
});

test('what somebody else removed leaves the journal', async (t) => {
  const journal = new Journal(temporaryDirectory(t));
  for (const spec of specs) journal.creating(spec);
  t.is((await removeRun(new InMemoryProvider(), RUN, journal, PATIENT)).outcome, 'complete');
  t.deepEqual(journal.remaining(), []);
});
