import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ROOT, VERBS, visit } from './command-line.ts';

test.serial('--help of the program names its verbs, and no others', async (t) => {
  const visitor = await visit(t);
  const { status, stdout, stderr } = await visitor.run(['--help']);
  t.is(status, 0);
  t.is(stderr, '');
  t.regex(stdout, /^Usage: twinstack /);
  const [, commands = ''] = stdout.split('Commands:\n');
  const named = [...commands.matchAll(/^ {2}([a-z]+)/gm)].map(([, verb]) => verb);
  const expected = VERBS.filter((words) => words.length === 1).map(([verb]) => verb);
  t.deepEqual(named.filter((verb) => verb !== 'help').sort(), [...expected].sort());
});

for (const verb of VERBS) {
  test.serial(`${verb.join(' ')} --help`, async (t) => {
    const visitor = await visit(t);
    const { status, stdout, stderr } = await visitor.run([...verb, '--help']);
    t.is(status, 0);
    t.is(stderr, '');
    t.true(stdout.startsWith(`Usage: twinstack ${verb.join(' ')} `), stdout);
    t.deepEqual(await visitor.belongings(), []);
  });
}

for (const option of ['--version', '-V']) {
  test.serial(`${option} is the package's version, alone`, async (t) => {
    const visitor = await visit(t);
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const { status, stdout, stderr } = await visitor.run([option]);
    t.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${version}\n`, stderr: '' });
  });
}
