import test from 'ava';
import { imageSteps, prepareEngineImage } from '../../../src/run/image-phase.ts';
import { RunEvents } from '../../../src/run/run-events.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { sampleOwner } from '../../support/owner.ts';
import { SAMPLE_FOREIGN_IMAGE } from '../../support/sample-foreign-image.ts';
import { addKindImage } from '../../support/sample-kind-image.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { RunImage, ScenarioRun } from '../../../src/run/scenario-run.ts';

const RUN = 'k7f3q2';
const FOREIGN: RunImage = SAMPLE_FOREIGN_IMAGE;

function runOf(provider: InMemoryProvider, image: RunImage): ScenarioRun {
  const run: Partial<ScenarioRun> = { runId: RUN, provider, image, interrupted: never() };
  return run as ScenarioRun;
}

test('a foreign image is got by one step that says so: nothing is built, and no step speaks of a node image', async (t) => {
  const provider = new InMemoryProvider();
  const events = new RunEvents(RUN, []);
  t.deepEqual(
    imageSteps(FOREIGN).map(({ title }) => title),
    ['ubuntu:24.04 in the engine'],
  );
  const found = await prepareEngineImage(runOf(provider, FOREIGN), sampleOwner(RUN), events, () => t.fail());
  t.deepEqual(provider.log, ['ensureForeignImage ubuntu:24.04']);
  t.like(found.planned, { engineName: 'f0'.repeat(32), nginxBody: 'hello', foreign: FOREIGN });
  t.like(found.found, { remote: 'ubuntu', alias: '24.04' });
  const told = events.all().flatMap((event) => (event.type === 'step-finished' ? [event] : []));
  t.deepEqual(
    told.map(({ step, outcome }) => `${step.title} ${outcome}`),
    ['ubuntu:24.04 in the engine passed'],
  );
});

test('an image that can not be had fails its step, with the reason', async (t) => {
  const provider = new InMemoryProvider();
  const failure = {
    class: 'preflight',
    step: 'image/import',
    message: 'no such remote',
    hint: 'add it',
  } as const;
  provider.faults.arm('ensureForeignImage', { effect: 'fail', error: new FailureError(failure) });
  const events = new RunEvents(RUN, []);
  const preparing = prepareEngineImage(runOf(provider, FOREIGN), sampleOwner(RUN), events, () => t.fail());
  await t.throwsAsync(preparing, { instanceOf: FailureError, message: 'no such remote' });
  const [end] = events.all().flatMap((event) => (event.type === 'step-finished' ? [event] : []));
  t.like(end, { outcome: 'failed', message: 'no such remote' });
});

/** Ours for kind, and what kind's project publishes; it notes whether ours was asked for. */
async function eitherImage(
  cacheDir: string,
  isCached: boolean,
): Promise<{ image: RunImage; prepared(): number; key: string }> {
  const ours = await addKindImage(cacheDir);
  let prepared = 0;
  const image: RunImage = {
    kind: 'node',
    prepare: () => {
      prepared += 1;
      return Promise.resolve(ours);
    },
    published: {
      image: { ...SAMPLE_FOREIGN_IMAGE, remote: 'kindest', alias: 'node:v1.36.3' },
      isOursCached: () => Promise.resolve(isCached),
    },
  };
  return { image, prepared: () => prepared, key: ours.key };
}

const kindProvider = (): InMemoryProvider => new InMemoryProvider(undefined, 'kind');
const outcomes = (events: RunEvents): string[] =>
  events
    .all()
    .flatMap((event) => (event.type === 'step-finished' ? [`${event.step.id} ${event.outcome}`] : []));

test('ours for kind is in the cache: it is taken, and nothing is pulled', async (t) => {
  const { image, prepared, key } = await eitherImage(temporaryDirectory(t), true);
  const provider = kindProvider();
  const keys: string[] = [];
  const events = new RunEvents(RUN, []);
  const { found, planned } = await prepareEngineImage(
    runOf(provider, image),
    sampleOwner(RUN),
    events,
    (ours) => keys.push(ours.key),
  );
  t.is(found, null);
  t.is(planned.foreign, null);
  t.is(prepared(), 1);
  t.deepEqual(keys, [key]);
  t.false(provider.log.some((call) => call.startsWith('ensureForeignImage')));
});

test('ours is not, and the published one can be had: it is taken, and both steps are over', async (t) => {
  const { image, prepared } = await eitherImage(temporaryDirectory(t), false);
  const provider = kindProvider();
  const events = new RunEvents(RUN, []);
  const { found, planned } = await prepareEngineImage(runOf(provider, image), sampleOwner(RUN), events, () =>
    t.fail('no image of ours is made'),
  );
  t.like(found, { remote: 'kindest', alias: 'node:v1.36.3' });
  t.like(planned.foreign, { remote: 'kindest', alias: 'node:v1.36.3' });
  t.is(prepared(), 0);
  t.deepEqual(outcomes(events), ['image/build passed', 'image/import passed']);
});

test("it can't be had: that is told, with the reason, and ours is built", async (t) => {
  const { image, prepared } = await eitherImage(temporaryDirectory(t), false);
  const provider = kindProvider();
  const failure = {
    class: 'infrastructure',
    step: 'image/import',
    message: 'no such host',
    hint: null,
  } as const;
  provider.faults.arm('ensureForeignImage', { effect: 'fail', error: new FailureError(failure) });
  const events = new RunEvents(RUN, []);
  const { found } = await prepareEngineImage(
    runOf(provider, image),
    sampleOwner(RUN),
    events,
    () => undefined,
  );
  t.is(found, null);
  t.is(prepared(), 1);
  const notices = events.all().flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  t.true(
    notices.includes('kindest:node:v1.36.3 can not be had, so ours is built: no such host'),
    notices.join('\n'),
  );
  t.deepEqual(outcomes(events), ['image/build passed', 'image/import passed']);
});

test('a user who interrupts the pull gets no build', async (t) => {
  const { image, prepared } = await eitherImage(temporaryDirectory(t), false);
  const provider = kindProvider();
  const failure = { class: 'interrupted', step: 'image/import', message: 'interrupted', hint: null } as const;
  provider.faults.arm('ensureForeignImage', { effect: 'fail', error: new FailureError(failure) });
  const preparing = prepareEngineImage(runOf(provider, image), sampleOwner(RUN), new RunEvents(RUN, []), () =>
    t.fail(),
  );
  await t.throwsAsync(preparing, { message: 'interrupted' });
  t.is(prepared(), 0);
});
