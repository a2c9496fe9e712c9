import test from 'ava';
import { imageSteps, prepareEngineImage } from '../../../src/run/image-phase.ts';
import { RunEvents } from '../../../src/run/run-events.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { sampleOwner } from '../../support/owner.ts';
import { SAMPLE_FOREIGN_IMAGE } from '../../support/sample-foreign-image.ts';
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
