import { readFile } from 'node:fs/promises';
import test from 'ava';
import { visit } from './command-line.ts';
import { parseScenario } from '../../src/scenario/parse-scenario.ts';

const WISHES: readonly (readonly [
  options: readonly string[],
  families: readonly string[],
  workers: number,
])[] = [
  [[], ['IPv4', 'IPv6'], 0],
  [['--families', 'IPv6,IPv4', '--workers', '2'], ['IPv6', 'IPv4'], 2],
  [['--families', 'IPv4'], ['IPv4'], 0],
  [['--families', 'IPv6', '--egress', 'open'], ['IPv6'], 0],
];

for (const [options, families, workers] of WISHES) {
  test.serial(`init --yes ${options.join(' ')} writes a file that lint accepts`, async (t) => {
    const visitor = await visit(t);
    const file = visitor.file('made/by-init.yaml');
    const { status, stdout } = await visitor.run(['init', file, '--yes', ...options]);
    t.is(status, 0);
    t.is(stdout, `${file}\n`);
    const linted = await visitor.run(['lint', file]);
    t.is(linted.status, 0, linted.stderr);
    const { scenario, problems } = parseScenario(await readFile(file, 'utf8'), file);
    t.deepEqual(problems, []);
    t.is(scenario?.name, 'by-init');
    t.deepEqual(scenario?.network.families, families as never);
    t.is(scenario?.nodes.workers, workers);
    t.is(scenario?.egress, options.includes('open') ? 'open' : 'blocked');
  });
}

test.serial('init leaves a file that is there as it is', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('mine.yaml', 'name: mine\n');
  const { status, stderr } = await visitor.run(['init', file, '--yes']);
  t.is(status, 2);
  t.regex(stderr, /mine\.yaml exists already, and is left as it is/);
  t.is(await readFile(file, 'utf8'), 'name: mine\n');
});

test.serial('init without a terminal names the option that answers its first open question', async (t) => {
  const visitor = await visit(t);
  const { status, stdout, stderr } = await visitor.run(['init', visitor.file('new.yaml')]);
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /Which families\?.*\n.*--families/);
});

const MISTAKES: readonly (readonly [words: readonly string[], said: RegExp])[] = [
  [['--workers', '100'], /from 0 to 99/],
  [['--workers', '-1'], /from 0 to 99/],
  [['--families', 'IPv5'], /'IPv5' is invalid/],
  [['--kubernetes', '1.2.3'], /Kubernetes 1\.2\.3 is not supported/],
];

for (const [words, said] of MISTAKES) {
  test.serial(`init ${words.join(' ')} writes nothing`, async (t) => {
    const visitor = await visit(t);
    const file = visitor.file('new.yaml');
    const { status, stderr } = await visitor.run(['init', file, '--yes', ...words]);
    t.is(status, 2);
    t.regex(stderr, said);
    await t.throwsAsync(readFile(file), { code: 'ENOENT' });
  });
}

test.serial('init wants a file whose name an engine of scenarios would find', async (t) => {
  const visitor = await visit(t);
  const { status, stderr } = await visitor.run(['init', 'scenario.txt', '--yes']);
  t.is(status, 2);
  t.regex(stderr, /\.yaml file/);
});
