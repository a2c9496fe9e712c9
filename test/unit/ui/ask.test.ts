import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { FailureError } from '../../../src/run/failure.ts';
import type { Questions } from '../../../src/ui/ask.ts';
import { askOn } from '../../../src/ui/ask.ts';
import { Paper } from './lines-of.ts';

/** Questions on a terminal, whose person presses these keys when the words that come before them are on the screen. */
function terminal(signal?: AbortSignal) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new Paper(), { isTTY: true, columns: 80, rows: 24 });
  // `pipe` ends every stream but the process's own standard output and error.
  stderr.end = () => stderr;
  const until = async (words: string) => {
    while (!stripVTControlCharacters(stderr.text).includes(words))
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { stdin, stderr, until, questions: askOn({ stdin, stderr, signal }) };
}

const scenarios = [
  { name: 'quickstart', file: 'scenarios/quickstart.yaml', description: 'kubeadm', obstacle: null },
  { name: 'incus', file: 'scenarios/incus.yaml', description: 'Incus', obstacle: 'incus is not installed' },
  { name: 'k0s', file: 'scenarios/k0s.yaml', description: 'k0s', obstacle: null },
];

for (const [keys, expected] of [
  ['y\r', true],
  ['\r', false],
  ['n\r', false],
] as const) {
  test(`confirm: ${JSON.stringify(keys)} is ${expected}`, async (t) => {
    const { stdin, until, questions } = terminal();
    const answer = questions.confirm('Set up this host?', '--yes');
    await until('Set up this host?');
    stdin.write(keys);
    t.is(await answer, expected);
  });
}

test('a scenario that can not run here is not picked', async (t) => {
  const { stdin, stderr, until, questions } = terminal();
  const answer = questions.pickScenario(scenarios);
  await until('Which scenario?');
  stdin.write('\u001b[B');
  stdin.write('\r');
  t.is(await answer, 'scenarios/k0s.yaml');
  t.true(stderr.text.includes('(incus is not installed)'));
});

test('a line of text is validated', async (t) => {
  const { stdin, until, questions } = terminal();
  const validate = (text: string) => (text === 'bad' ? 'not that one' : null);
  const answer = questions.text('Name?', { suggestion: 'mine', validate, flag: '--name' });
  await until('Name?');
  stdin.write('bad\r');
  await until('not that one');
  stdin.write('\u0015');
  stdin.write('good\r');
  t.is(await answer, 'good');
});

test('two questions in a row', async (t) => {
  const { stdin, until, questions } = terminal();
  const first = questions.confirm('First?', '--yes');
  await until('First?');
  stdin.write('y\r');
  t.true(await first);
  const second = questions.confirm('Second?', '--yes');
  await until('Second?');
  stdin.write('y\r');
  t.true(await second);
});

const endings: [title: string, end: (stdin: PassThrough, abort: AbortController) => void][] = [
  ['Ctrl-C', (stdin) => stdin.write('\u0003')],
  ['Ctrl-D', (stdin) => stdin.write('\u0004')],
  ['the end of input', (stdin) => stdin.end()],
  [
    'an aborted signal',
    (_stdin, abort) => {
      abort.abort();
    },
  ],
];
for (const [title, end] of endings) {
  test(`${title} is a failure of class interrupted`, async (t) => {
    const abort = new AbortController();
    const { stdin, until, questions } = terminal(abort.signal);
    const answer = t.throwsAsync(questions.confirm('Set up this host?', '--yes'), {
      instanceOf: FailureError,
    });
    await until('Set up this host?');
    end(stdin, abort);
    t.is((await answer)?.failure.class, 'interrupted');
  });
}

const blind: [title: string, stdinTTY: boolean, stderrTTY: boolean][] = [
  ['no input', false, true],
  ['no screen', true, false],
  ['neither', false, false],
];
for (const [title, stdinTTY, stderrTTY] of blind) {
  test(`${title}: nothing is asked, and the flag is named`, async (t) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: stdinTTY });
    const stderr = Object.assign(new Paper(), { isTTY: stderrTTY });
    const questions: Questions = askOn({ stdin, stderr });
    t.false(questions.possible);
    const error = await t.throwsAsync(questions.confirm('Set up this host?', '--yes'), {
      instanceOf: FailureError,
    });
    t.like(error?.failure, { class: 'usage', hint: 'Answer it with --yes.' });
    await t.throwsAsync(questions.pickScenario(scenarios), { instanceOf: FailureError });
    t.is(stderr.text, '');
  });
}
