import test from 'ava';
import { RunEvents } from '../../../src/run/run-events.ts';
import { StepTracker } from '../../../src/run/step-tracker.ts';
import type { PhaseName, StepInfo } from '../../../src/run/event.ts';

const step = (phase: PhaseName, id: string): StepInfo => ({ phase, id, title: id });
const STEPS = [step('launch', 'net'), step('launch', 'node'), step('bootstrap', 'init')] as const;
const [NET, NODE, INIT] = STEPS;

/** What was told, in a few words each. */
function told(events: RunEvents): string[] {
  return events.all().map((event) => {
    if (event.type === 'phase-started' || event.type === 'phase-finished')
      return `${event.type} ${event.phase}`;
    if (event.type === 'step-started' || event.type === 'step-finished')
      return `${event.type} ${event.step.id}`;
    return event.type;
  });
}

test('a phase lasts from its first step to its last, also when phases overlap', (t) => {
  const events = new RunEvents('k7f3q2', []);
  const tracker = new StepTracker(STEPS, events);
  tracker.started(NET);
  tracker.finished(NET, 'passed', null);
  tracker.started(INIT);
  tracker.started(NODE);
  tracker.finished(NODE, 'passed', null);
  tracker.finished(INIT, 'failed', 'why');
  tracker.close();
  t.deepEqual(told(events), [
    'phase-started launch',
    'step-started net',
    'step-finished net',
    'phase-started bootstrap',
    'step-started init',
    'step-started node',
    'step-finished node',
    'phase-finished launch',
    'step-finished init',
    'phase-finished bootstrap',
  ]);
});

test('close ends the phases that were cut short, and no other', (t) => {
  const events = new RunEvents('k7f3q2', []);
  const tracker = new StepTracker(STEPS, events);
  tracker.started(NET);
  tracker.finished(NET, 'failed', 'why');
  tracker.close();
  t.deepEqual(told(events).slice(-2), ['step-finished net', 'phase-finished launch']);
  t.false(told(events).some((text) => text.includes('bootstrap')));
});

test('steps are told without their actions', (t) => {
  const events = new RunEvents('k7f3q2', []);
  const withActions = { ...NET, actions: ['a secret'], needs: [] };
  const tracker = new StepTracker([withActions], events);
  tracker.started(withActions);
  tracker.finished(withActions, 'passed', null);
  t.false(JSON.stringify(events.all()).includes('secret'));
});
