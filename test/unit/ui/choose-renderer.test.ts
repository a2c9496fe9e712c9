import test from 'ava';
import { chooseRenderer } from '../../../src/ui/choose-renderer.ts';
import { describeTerminal } from '../../../src/ui/describe-terminal.ts';
import { ListrRenderer } from '../../../src/ui/listr-renderer.ts';
import { PlainRenderer } from '../../../src/ui/plain-renderer.ts';
import { passedRun } from '../report/recorded-run.ts';
import { Paper } from './lines-of.ts';

const screen = () => Object.assign(new Paper(), { isTTY: true, columns: 90 });
const xterm = { TERM: 'xterm-256color', LANG: 'en_GB.UTF-8' };
const choice = { stderr: screen(), env: xterm, json: false, quiet: false, parallel: false };

test('a terminal is drawn on', (t) => {
  t.true(chooseRenderer(choice) instanceof ListrRenderer);
  t.true(chooseRenderer({ ...choice, env: { ...xterm, NO_COLOR: '1' } }) instanceof ListrRenderer);
});

for (const [title, change] of Object.entries({
  'a pipe': { stderr: new Paper() },
  'a dumb terminal': { env: { ...xterm, TERM: 'dumb' } },
  'a CI job': { env: { ...xterm, CI: 'true' } },
  '--json': { json: true },
  'several runs at the same time': { parallel: true },
})) {
  test(`${title} gets lines`, (t) => {
    t.true(chooseRenderer({ ...choice, stderr: screen(), ...change }) instanceof PlainRenderer);
  });
}

test('quiet writes nothing', async (t) => {
  const stderr = screen();
  const renderer = chooseRenderer({ ...choice, stderr, quiet: true });
  for (const event of passedRun()) renderer.handle(event);
  await renderer.close();
  t.is(stderr.text, '');
});

const terminals: [title: string, stream: object, env: Record<string, string>, expected: object][] = [
  [
    'a terminal',
    { isTTY: true, columns: 90 },
    xterm,
    { interactive: true, colour: true, unicode: true, width: 90 },
  ],
  ['a pipe', {}, xterm, { interactive: false, colour: false, unicode: true, width: null }],
  ['NO_COLOR', { isTTY: true }, { ...xterm, NO_COLOR: '1' }, { interactive: true, colour: false }],
  ['NO_COLOR, empty', { isTTY: true }, { ...xterm, NO_COLOR: '' }, { colour: true }],
  [
    'NO_COLOR outranks FORCE_COLOR',
    { isTTY: true },
    { ...xterm, NO_COLOR: '1', FORCE_COLOR: '1' },
    { colour: false },
  ],
  ['FORCE_COLOR', {}, { FORCE_COLOR: '1' }, { interactive: false, colour: true }],
  ['FORCE_COLOR=0', { isTTY: true }, { ...xterm, FORCE_COLOR: '0' }, { colour: false }],
  [
    'TERM=dumb',
    { isTTY: true, columns: 80 },
    { TERM: 'dumb' },
    { interactive: false, colour: false, width: 80 },
  ],
  ['the console', { isTTY: true }, { TERM: 'linux', LANG: 'C.UTF-8' }, { interactive: true, unicode: false }],
  ['LC_ALL outranks LANG', { isTTY: true }, { ...xterm, LC_ALL: 'C' }, { unicode: false }],
  ['no locale', { isTTY: true }, { TERM: 'xterm' }, { unicode: false }],
  ['a terminal of no size', { isTTY: true, columns: 0 }, xterm, { width: null }],
];
for (const [title, stream, env, expected] of terminals) {
  test(`describe: ${title}`, (t) => {
    t.like(describeTerminal(stream, env), expected);
  });
}
