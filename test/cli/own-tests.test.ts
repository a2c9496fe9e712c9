import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { visit } from './command-line.ts';

test.serial(
  'a program that is not there is told with its place, before anything is touched: 2',
  async (t) => {
    const visitor = await visit(t);
    const file = await visitor.write(
      'mine.yaml',
      'name: mine\ntests:\n  - run: [node, x]\n  - run: [nope]\n  - run: [./plain.txt]\n  - { run: [node], cwd: gone }\n',
    );
    await chmod(await visitor.write('plain.txt', 'x'), 0o644);
    const directory = visitor.file('report');
    const { status, stdout, stderr } = await visitor.run([
      'run',
      file,
      '--report-dir',
      directory,
      '--',
      './none',
      'x',
    ]);
    t.is(status, 2, stderr);
    t.is(stdout, '');
    const lines = stderr.trimEnd().split('\n');
    t.true(lines[0]?.startsWith(`${file}:4:11 tests[1].run[0]: nope is not installed`), stderr);
    t.true(lines[1]?.startsWith(`${file}:5:11 tests[2].run[0]: ./plain.txt is not executable`), stderr);
    t.true(lines[2]?.startsWith(`${file}:6:25 tests[3].cwd: `), stderr);
    t.regex(lines[3] ?? '', /^-- \.\/none is no program: there is no file \//);
    const report = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')) as unknown;
    t.like(report, { exitCode: 2, nodes: [], checks: [], failure: { class: 'usage', step: 'tests' } });
    t.deepEqual(await visitor.belongings(), []);
  },
);

test.serial(
  'a program is found from the folder of the scenario, or in PATH: the run goes on to the host',
  async (t) => {
    const visitor = await visit(t);
    await chmod(await visitor.write('deep/smoke.sh', '#!/bin/sh\n'), 0o755);
    const file = await visitor.write('deep/mine.yaml', 'name: mine\ntests: [{ run: [./smoke.sh] }]\n');
    const directory = visitor.file('report');
    const { status, stderr } = await visitor.run([
      'run',
      file,
      '--report-dir',
      directory,
      '--',
      'node',
      '--version',
    ]);
    t.is(status, 3, stderr);
  },
);

test.serial('a plan shows the tests as steps', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write(
    'mine.yaml',
    'name: mine\ntests: [{ name: smoke, run: [npm, test], timeout: 90s }]\n',
  );
  const { status, stdout, stderr } = await visitor.run(['plan', file, '--', './own', '--json', 'a b']);
  t.is(status, 0, stderr);
  const folder = visitor.file('.').replace(/\/\.$/, '');
  t.regex(stdout, /^\[verify\/test\/smoke\/both\/exit-status\] test smoke \(after verify\/service/m);
  t.true(stdout.includes(`  in ${folder}, with KUBECONFIG, TWINSTACK_NODES`), stdout.slice(-3000));
  t.regex(stdout, /^ {2}\$ npm test\n.*tests\/1-smoke\.log.*at most 90 s$/m);
  t.regex(stdout, /^\[verify\/test\/own\/both\/exit-status\].*\(after verify\/test\/smoke\//m);
  t.regex(stdout, /^ {2}\$ \.\/own --json 'a b'$/m);
});

test.serial('-- without a command is 2, and a version asked for behind it is not ours', async (t) => {
  const visitor = await visit(t);
  const { status, stderr } = await visitor.run(['run', 'scenarios/quickstart.yaml', '--']);
  t.is(status, 2);
  t.regex(stderr, /a command of your own follows --/);
  const plan = await visitor.run(['plan', 'scenarios/quickstart.yaml', '--', 'curl', '--version']);
  t.regex(plan.stdout, /^ {2}\$ curl --version$/m);
});
