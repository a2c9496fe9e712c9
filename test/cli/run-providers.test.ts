import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { visit } from './command-line.ts';
import { reportIndexSchema, type ReportIndex } from '../../src/report/report-index.ts';
import { reportSchema } from '../../src/report/report.ts';

// None of these may ever say --yes: a run that goes on would set up this host.

const REFUSED = 'network:\n  services: [10.152.183.0/24, fd98::/64]\nexpect: { rule: service-cidr-size }\n';
const K0S = 'name: k0s\ndistribution: { name: k0s, version: 1.36.3+k0s.2 }\n';

const providersOf = ({ runs }: ReportIndex): (string | null)[] => runs.map(({ provider }) => provider);

for (const [provider, message] of [
  ['lxd,', /^--provider: "lxd," leaves a name empty: there are lxd, incus, kind and auto$/m],
  ['', /^--provider: "" leaves a name empty/m],
  ['lxc', /^--provider: there is no provider "lxc", did you mean lxd\?$/m],
  ['lxd,virtualbox', /^--provider: there is no provider "virtualbox": there are lxd/m],
  ['lxd,lxd', /^--provider: "lxd,lxd" names lxd twice$/m],
  ['auto,lxd', /^--provider: "auto,lxd": auto chooses one provider by itself/m],
] as const) {
  test.serial(`--provider "${provider}" is status 2 with a sentence, and nothing is written`, async (t) => {
    const visitor = await visit(t);
    const file = await visitor.write('one.yaml', `name: one\n${REFUSED}`);
    const directory = visitor.file('report');
    const { status, stdout, stderr } = await visitor.run([
      'run',
      file,
      '--provider',
      provider,
      '--report-dir',
      directory,
    ]);
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr, message);
    await t.throwsAsync(readdir(directory), { code: 'ENOENT' });
  });
}

test.serial('one file with two providers: a run each, and an index that compares them', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('one.yaml', `name: one\n${REFUSED}`);
  const directory = visitor.file('report');
  const args = ['run', file, '--provider', 'lxd,incus', '--report-dir', directory];
  const { status, stdout } = await visitor.run(args);
  t.is(status, 0);
  const index = reportIndexSchema.parse(JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')));
  t.is(index.command, `twinstack run ${file} --provider lxd,incus`);
  t.deepEqual(providersOf(index), ['lxd', 'incus']);
  const [first, second] = index.runs.map((run) => run.directory);
  t.regex(first ?? '', /^1-.*one-lxd$/);
  t.regex(second ?? '', /^2-.*one-incus$/);
  const [comparison] = index.comparisons;
  t.like(comparison, { file, differences: [] });
  t.regex(stdout, /^one on lxd +passed +0 /m);
  t.regex(stdout, /^one on incus +passed +0 /m);
  t.true(stdout.includes(`\n${file} with lxd and incus\n`), stdout);
  t.regex(stdout, /^ +lxd +incus\n +outcome +passed +passed$/m);
  const report = reportSchema.parse(
    JSON.parse(await readFile(join(directory, second ?? '', 'report.json'), 'utf8')),
  );
  t.deepEqual(report.repeat, ['run', file, '--provider', 'incus'], 'each is repeated alone');
  const summary = await readFile(join(directory, 'summary.md'), 'utf8');
  t.true(summary.includes('one.yaml with lxd and incus\n'), summary);
  const junit = await readFile(join(directory, 'junit.xml'), 'utf8');
  t.regex(junit, /<testsuite name="[^"]*one.yaml on lxd"/);
  t.regex(junit, /<testsuite name="[^"]*one.yaml on incus"/);

  const shown = await visitor.run(['report', directory]);
  t.is(shown.status, 0);
  t.true(shown.stdout.includes(`\n${file} with lxd and incus\n`), shown.stdout);
  t.regex(shown.stdout, /one\.yaml on incus$/m);
});

test.serial('a provider that a scenario is not for is refused beside the other, and said so', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('k0s.yaml', K0S);
  const { status, stdout } = await visitor.run(['run', file, '--provider', 'lxd,kind', '--json']);
  const index = reportIndexSchema.parse(JSON.parse(stdout));
  t.deepEqual(providersOf(index), ['lxd', 'kind']);
  // Nothing is installed on this path: preflight outranks what was refused by a rule.
  t.deepEqual(
    index.runs.map(({ exitCode }) => exitCode),
    [3, 2],
  );
  t.is(status, 3);
  t.regex(index.comparisons[0]?.runs[1]?.reason ?? '', /kind runs kubeadm only/);
});

test.serial('a folder with two providers: all runs of a file are in one shard', async (t) => {
  const visitor = await visit(t);
  for (const name of ['a', 'b', 'c'])
    await visitor.write(`scenarios/${name}.yaml`, `name: ${name}\n${REFUSED}`);
  const folder = visitor.file('scenarios');
  const seen: string[] = [];
  for (const shard of ['1/2', '2/2']) {
    const { status, stdout } = await visitor.run([
      'run',
      folder,
      ...['--provider', 'lxd,incus', '--shard', shard, '--parallel', '2', '--json'],
    ]);
    t.is(status, 0);
    const index = reportIndexSchema.parse(JSON.parse(stdout));
    t.is(index.comparisons.length * 2, index.runs.length);
    seen.push(...index.comparisons.map((comparison) => comparison.file));
  }
  t.deepEqual(
    seen.sort(),
    ['a', 'b', 'c'].map((name) => `${folder}/${name}.yaml`),
  );
});

test.serial('one provider gives the form that there always was', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('one.yaml', `name: one\n${REFUSED}`);
  const { status, stdout } = await visitor.run(['run', file, '--provider', 'lxd', '--json']);
  t.is(status, 0);
  t.notThrows(() => reportSchema.parse(JSON.parse(stdout)));
});

test.serial('what is wrong with a file is annotated once, whatever providers it is for', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write(
    'bad.yaml',
    'name: bad\nnetwork:\n  services: [10.152.183.0/24, fd98::/64]\n',
  );
  const { status, stderr } = await visitor.run([
    'run',
    file,
    ...['--provider', 'lxd,kind', '--annotations', 'github'],
  ]);
  t.is(status, 2);
  t.is(stderr.match(/^::error .*service-cidr-size/gm)?.length, 1, stderr);
});

test.serial('plan takes one provider', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('one.yaml', 'name: one\n');
  const { status, stderr } = await visitor.run(['plan', file, '--provider', 'lxd,kind']);
  t.is(status, 2);
  t.regex(stderr, /^--provider: plan takes one, and not lxd,kind$/m);
});
