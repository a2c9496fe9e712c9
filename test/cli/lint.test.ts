import test from 'ava';
import { visit } from './command-line.ts';

const GOOD = 'name: good\n';
const BAD = 'name: bad\nnetwork:\n  services: [10.152.183.0/24, fd98::/64]\n';

test.serial('a good file is 0, with nothing on standard output', async (t) => {
  const visitor = await visit(t);
  const { status, stdout, stderr } = await visitor.run(['lint', await visitor.write('good.yaml', GOOD)]);
  t.deepEqual(
    { status, stdout, stderr },
    { status: 0, stdout: '', stderr: '1 file, 0 errors, 0 warnings\n' },
  );
  t.deepEqual(await visitor.belongings(), []);
});

test.serial('a bad file is 2, and each problem one line of standard output with its place', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('bad.yaml', BAD);
  const { status, stdout, stderr } = await visitor.run(['lint', file]);
  t.is(status, 2);
  const lines = stdout.trimEnd().split('\n');
  t.is(lines.length, 1);
  t.true(lines[0]?.startsWith(`${file}:3:31 network.services[1]: fd98::/64 is too large`), stdout);
  t.true(lines[0]?.endsWith('(rule service-cidr-size)'), stdout);
  t.is(stderr, '1 file, 1 error, 0 warnings\n');
});

test.serial('everything that is wrong is told at once', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('bad.yaml', `${BAD}nodes: { controlPlanes: 2 }\nnodse: 3\n`);
  const { status, stdout } = await visitor.run(['lint', file]);
  t.is(status, 2);
  for (const rule of ['service-cidr-size', 'not-yet', 'schema'])
    t.true(stdout.includes(`(rule ${rule})`), stdout);
});

test.serial('--json is one document, and exit statuses are the same', async (t) => {
  const visitor = await visit(t);
  const good = await visitor.write('files/good.yaml', GOOD);
  const bad = await visitor.write('files/bad.yaml', BAD);
  const both = await visitor.run(['lint', '--json', visitor.file('files')]);
  t.is(both.status, 2);
  t.like(JSON.parse(both.stdout), {
    files: [bad, good],
    problems: [
      {
        severity: 'error',
        rule: 'service-cidr-size',
        path: 'network.services[1]',
        position: { file: bad, line: 3, column: 31 },
      },
    ],
  });
  const one = await visitor.run(['lint', '--json', good]);
  t.is(one.status, 0);
  t.deepEqual(JSON.parse(one.stdout), { files: [good], problems: [] });
});

test.serial('files and folders together; what is not there is told beside what is', async (t) => {
  const visitor = await visit(t);
  const good = await visitor.write('files/good.yaml', GOOD);
  const { status, stdout, stderr } = await visitor.run(['lint', good, 'scenarios', visitor.file('nope')]);
  t.is(status, 2);
  t.regex(stdout, /nope:1:1 there is no such file or directory \(rule file\)\n$/);
  t.regex(stderr, /^\d+ files, 1 error, 0 warnings\n$/);
});

test.serial('a refusal that the file expects is 0', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('expected.yaml', `${BAD}expect: { rule: service-cidr-size }\n`);
  const { status, stdout } = await visitor.run(['lint', file]);
  t.deepEqual({ status, stdout }, { status: 0, stdout: '' });
});

test.serial('--set changes what is looked at', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('bad.yaml', BAD);
  const better = await visitor.run(['lint', file, '--set', 'network.services[1]=fd98::/108']);
  t.is(better.status, 0, better.stdout);
  const worse = await visitor.run([
    'lint',
    file,
    '--set',
    'network.services[1]=fd98::/108',
    '--set',
    'nodes=many',
  ]);
  t.is(worse.status, 2);
  t.regex(worse.stdout, /^--set:1:1 nodes: .*\(rule schema\)\n$/);
});

test.serial('the scenarios of this repository are good', async (t) => {
  const visitor = await visit(t);
  const { status, stdout } = await visitor.run(['lint', 'scenarios']);
  t.deepEqual({ status, stdout }, { status: 0, stdout: '' });
});
