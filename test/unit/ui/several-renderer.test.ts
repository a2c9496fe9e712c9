import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import type { RunEvent } from '../../../src/run/event.ts';
import { chooseSeveralRenderer } from '../../../src/ui/several-renderer.ts';
import { failedCheckRun, passedRun } from '../report/recorded-run.ts';
import { Paper } from './lines-of.ts';

const screen = () => Object.assign(new Paper(), { isTTY: true, columns: 120, rows: 40 });
const xterm = { TERM: 'xterm-256color', LANG: 'en_GB.UTF-8', NO_COLOR: '1' };

const ofRun = (events: readonly RunEvent[], runId: string): RunEvent[] =>
  events.map((event) => ({ ...event, runId }));

test('off a terminal each line begins with the label of its run', async (t) => {
  const stderr = new Paper();
  const renderer = chooseSeveralRenderer({ stderr, env: xterm, json: false }, ['one', 'x/two.yaml']);
  const [one, two] = [renderer.as('one'), renderer.as('x/two.yaml')];
  const events = passedRun();
  for (const [index, event] of ofRun(events, 'aaaaaa').entries()) {
    one.handle(event);
    two.handle({ ...events[index], runId: 'bbbbbb' } as RunEvent);
  }
  renderer.say('x/two.yaml', 'waits: memory is short');
  await renderer.close();
  const lines = stderr.text.split('\n').filter((line) => line !== '');
  t.true(
    lines.every((line) => /^\[(one|x\/two\.yaml)\] /.test(line)),
    stderr.text,
  );
  t.true(lines.includes('[one] [  0.0s] run aaaaaa of one (scenarios/quickstart.yaml)'), lines[0]);
  t.is(lines.at(-1), '[x/two.yaml] waits: memory is short');
});

test('on a terminal each run is one line, and what did not pass is explained below', async (t) => {
  const stderr = screen();
  const renderer = chooseSeveralRenderer({ stderr, env: xterm, json: false }, ['one', 'second', 'third']);
  renderer.say('second', 'waits: one prepares the host and the node image');
  for (const event of ofRun(passedRun(), 'aaaaaa')) renderer.as('one').handle(event);
  for (const event of ofRun(failedCheckRun(), 'bbbbbb')) renderer.as('second').handle(event);
  await renderer.close();
  const text = stripVTControlCharacters(stderr.text);
  const frame = text.slice(text.lastIndexOf('✔ one'));
  const [first, second, third] = frame.split('\n');
  t.is(first, '✔ one     passed in 18.5s, dual-stack after 13.9s');
  t.is(second, '✖ second  failed in 18.5s');
  t.is(third, '↓ third   not run');
  t.regex(frame, /\nFAILED {2}run bbbbbb of second after 18\.5s\n/);
  t.false(frame.includes('run aaaaaa'));
});

for (const [title, change] of Object.entries({
  'a CI job': { env: { ...xterm, CI: 'true' } },
  '--json': { json: true },
})) {
  test(`${title} gets lines`, async (t) => {
    const stderr = screen();
    const renderer = chooseSeveralRenderer({ stderr, env: xterm, json: false, ...change }, ['one']);
    renderer.say('one', 'hello');
    await renderer.close();
    t.is(stderr.text, '[one] hello\n');
  });
}
