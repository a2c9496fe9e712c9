import test from 'ava';
import { dialogueFailure } from '../../../src/run/dialogue-failure.ts';
import type { DialogueResult } from '../../../src/dialogue/answer-program.ts';
import type { DialogueOutcome, DialoguePrompt } from '../../../src/dialogue/dialogue.ts';

const PODS: DialoguePrompt = {
  name: 'pod-cidr',
  pattern: '^Please set the Pod CIDR: .*: $',
  answer: '10.1.0.0/16',
  secret: false,
  optional: false,
  times: 1,
};
const place = { step: 'bootstrap/init', title: 'k8s bootstrap on a', prompts: [PODS] };

function tell(outcome: DialogueOutcome, more: Partial<DialogueResult> = {}, prompts = [PODS]): string {
  const result: DialogueResult = {
    outcome,
    reason: 'the reason',
    prompt: 'pod-cidr',
    seen: 'Pod network? ',
    end: null,
    killError: null,
    lastLines: ['one', 'two'],
    transcript: { entries: [], omittedBytes: 0 },
    durationMs: 1,
    ...more,
  };
  const failure = dialogueFailure(result, { ...place, prompts });
  if (failure === null) return '';
  if (failure.class !== 'infrastructure' || failure.step !== place.step) throw new Error(failure.class);
  return `${failure.message}\n> ${failure.hint ?? ''}`;
}

test('all answered, and an end with 0, is no failure', (t) => {
  t.is(tell('answered'), '');
});

for (const outcome of ['unknown-prompt', 'prompt-never-came', 'silence', 'ended-early'] as const) {
  test(`${outcome}: what was seen stands beside what was expected`, (t) => {
    const [head, seen, expected, ...rest] = tell(outcome).split('\n');
    t.is(head, `k8s bootstrap on a: the reason (${outcome})`);
    t.is(seen, '  seen      "Pod network? "');
    t.is(expected, '  expected  /^Please set the Pod CIDR: .*: $/');
    const fitting = outcome === 'unknown-prompt' ? ['  would fit /^Pod network\\? $/'] : [];
    t.deepEqual(rest.slice(0, fitting.length + 2), [...fitting, '  one', '  two']);
    t.regex(tell(outcome, { seen: '' }), /\n {2}seen {6}nothing\n/);
    t.notRegex(tell(outcome, { prompt: null }), /expected/);
  });
}

test('what was seen is not told twice', (t) => {
  const text = tell('unknown-prompt', { lastLines: ['one', 'Pod network? '] });
  t.is(text.split('"Pod network? "').length - 1, 1, text);
  t.is(tell('failed', { lastLines: ['one', 'Pod network? '] }).split('Pod network?').length - 1, 1);
});

for (const outcome of ['unknown-prompt', 'prompt-never-came'] as const) {
  test(`${outcome}: where to put the new wording`, (t) => {
    t.regex(
      tell(outcome),
      /> A release may ask in other words: write them into the scenario, as dialogue\.prompts/,
    );
  });
}

test('prompt-repeated: the answer that was not taken, unless it is secret', (t) => {
  t.regex(tell('prompt-repeated'), /\n {2}answered {2}"10\.1\.0\.0\/16"\n/);
  t.notRegex(tell('prompt-repeated', {}, [{ ...PODS, secret: true }]), /10\.1\.0\.0|answered/);
});

test('flood, failed, still-running: the last lines, and no comparison', (t) => {
  for (const outcome of ['flood', 'failed', 'still-running'] as const) {
    const text = tell(outcome, { prompt: null });
    t.regex(text, /\n {2}one\n {2}two\n/);
    t.notRegex(text, /seen|expected/);
  }
  t.regex(tell('flood'), /> A program that asks in a loop/);
});

test('ended-early with 127: the program is not there', (t) => {
  t.regex(tell('ended-early', { end: { exitCode: 127, signal: null } }), /> The program is not in the node/);
  t.notRegex(tell('ended-early', { end: { exitCode: 1, signal: null } }), /is not in the node/);
});

test('that it could not be ended is told, and nothing speaks to the terminal', (t) => {
  const text = tell('silence', { killError: 'it was there', lastLines: ['\u001b[2Jred\u0007'] });
  t.regex(text, /and it could not be ended: it was there/);
  t.notRegex(text, /[\u001b\u0007]/);
});

test('every failure says that the transcript is in the report', (t) => {
  for (const outcome of ['failed', 'silence', 'flood', 'aborted', 'still-running'] as const)
    t.regex(tell(outcome), /The report has the whole transcript\.$/);
});

test('the pattern that would fit fits what was seen, and nothing else', (t) => {
  const seen = 'Pods (a, b) [10.1.0.0/16] {x} ^$|\\ *+? : ';
  const [, source = ''] = /would fit \/(.*)\/$/m.exec(tell('unknown-prompt', { seen })) ?? [];
  const pattern = new RegExp(source, 'u');
  t.true(pattern.test(seen));
  t.false(pattern.test(seen.replace('10.1', '1001')));
});
