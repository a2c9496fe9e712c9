import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { visit, type Visitor } from './command-line.ts';
import { reportIndexSchema, type ReportIndex } from '../../src/report/report-index.ts';

// None of these may ever say --yes: a run that goes on would set up this host.

const REFUSED = 'network:\n  services: [10.152.183.0/24, fd98::/64]\nexpect: { rule: service-cidr-size }\n';
const BAD = 'name: bad\nnetwork:\n  services: [10.152.183.0/24, fd98::/64]\n';

async function writeRefused(visitor: Visitor, names: readonly string[]): Promise<string> {
  for (const name of names) await visitor.write(`scenarios/${name}.yaml`, `name: ${name}\n${REFUSED}`);
  return visitor.file('scenarios');
}

async function readIndex(directory: string): Promise<ReportIndex> {
  return reportIndexSchema.parse(JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')));
}

test.serial('a folder: an index with JUnit and summary over a report each, and a table', async (t) => {
  const visitor = await visit(t);
  const folder = await writeRefused(visitor, ['one', 'two']);
  const bad = await visitor.write('scenarios/sub/bad.yaml', BAD);
  const directory = visitor.file('report');
  const { status, stdout } = await visitor.run(['run', folder, '--report-dir', directory]);
  t.is(status, 2);
  const index = await readIndex(directory);
  t.like(index, { exitCode: 2, shard: null, counts: { passed: 2, error: 1 } });
  t.is(index.command, `twinstack run ${folder}`);
  t.deepEqual(
    index.runs.map((run) => [run.directory, run.file, run.exitCode]),
    [
      ['1-one', `${folder}/one.yaml`, 0],
      ['2-sub-bad', bad, 2],
      ['3-two', `${folder}/two.yaml`, 0],
    ],
  );
  t.regex(index.runs[1]?.reason ?? '', /service-cidr-size/);
  t.deepEqual((await readdir(directory)).sort(), [
    '1-one',
    '2-sub-bad',
    '3-two',
    'index.json',
    'junit.xml',
    'summary.md',
  ]);
  t.regex(stdout, /^SCENARIO +OUTCOME +STATUS +DUAL-STACK +TOOK +REPORT\n/);
  t.regex(stdout, /^bad +error +2 +- /m);
  t.regex(stdout, /^exit status 2$/m);
});

test.serial(
  'a folder of one scenario has an index too: its form does not depend on how many there are',
  async (t) => {
    const visitor = await visit(t);
    const folder = await writeRefused(visitor, ['one']);
    const directory = visitor.file('report');
    const { status, stdout } = await visitor.run(['run', folder, '--json', '--report-dir', directory]);
    t.is(status, 0);
    t.deepEqual(JSON.parse(stdout), await readIndex(directory));
  },
);

test.serial('without --report-dir two calls write to two places', async (t) => {
  const visitor = await visit(t);
  const folder = await writeRefused(visitor, ['one']);
  const env = { XDG_STATE_HOME: visitor.file('state') };
  await Promise.all([visitor.run(['run', folder], env), visitor.run(['run', folder], env)]);
  const calls = await readdir(visitor.file('state/twinstack/several'));
  t.is(calls.length, 2);
  for (const call of calls) await readIndex(visitor.file(`state/twinstack/several/${call}`));
});

test.serial(
  'every scenario is in one shard, however the folder is named; an empty shard says so and is 0',
  async (t) => {
    const visitor = await visit(t);
    const names = ['a', 'b', 'c', 'd'];
    const folder = await writeRefused(visitor, names);
    const files = names.map((name) => `${folder}/${name}.yaml`);
    const seen: string[] = [];
    for (const shard of ['1/5', '2/5', '3/5', '4/5', '5/5']) {
      const directory = visitor.file(`report-${shard.replace('/', '-')}`);
      const { status, stdout } = await visitor.run([
        'run',
        folder,
        '--shard',
        shard,
        '--report-dir',
        directory,
      ]);
      t.is(status, 0);
      const index = await readIndex(directory);
      t.deepEqual(index.shard, { index: Number(shard[0]), total: 5 });
      seen.push(...index.runs.map(({ name, file }) => name ?? file ?? ''));
      if (index.runs.length === 0)
        t.regex(stdout, /^there are fewer scenarios than shards: this one is empty\n/);
      const other = await visitor.run(['run', ...files.reverse(), '--shard', shard, '--json']);
      const again = reportIndexSchema.parse(JSON.parse(other.stdout));
      t.deepEqual(
        again.runs.map(({ file }) => file),
        index.runs.map(({ file }) => file),
      );
    }
    t.is(seen.length, 4);
    t.is(new Set(seen).size, 4);
  },
);

test.serial('one file named in two ways runs once; two files of one name are told apart', async (t) => {
  const visitor = await visit(t);
  const one = await visitor.write('a/x.yaml', `name: same\n${REFUSED}`);
  const other = await visitor.write('b/x.yaml', `name: same\n${REFUSED}`);
  const again = join(visitor.file('a'), '..', 'a', 'x.yaml').replace('/a/', '/a/./');
  const { stdout } = await visitor.run([
    'run',
    one,
    again,
    other,
    '--json',
    '--report-dir',
    visitor.file('report'),
  ]);
  const index = reportIndexSchema.parse(JSON.parse(stdout));
  t.deepEqual(
    index.runs.map(({ file }) => file),
    [one, other],
  );
  t.is(new Set(index.runs.map(({ directory }) => directory)).size, 2);
});

test.serial('without an engine: every scenario is 3, and what is missing is asked for once', async (t) => {
  const visitor = await visit(t);
  await visitor.addProgram('apt-get', '');
  const files = ['scenarios/quickstart.yaml', 'scenarios/ipv4-only.yaml', 'scenarios/iptables.yaml'];
  const directory = visitor.file('report');
  const { status, stderr } = await visitor.run([
    'run',
    ...files,
    '--parallel',
    '3',
    '--report-dir',
    directory,
  ]);
  t.is(status, 3, stderr);
  t.deepEqual(
    (await readIndex(directory)).runs.map(({ exitCode }) => exitCode),
    [3, 3, 3],
  );
  t.is(stderr.match(/What sets it up/g)?.length, 1, stderr);
  t.regex(stderr, /^\[quickstart\] quickstart: kubeadm/m);
});

test.serial('a cluster that this host is too small for is 3; the others go on', async (t) => {
  const visitor = await visit(t);
  const folder = await writeRefused(visitor, ['one', 'two']);
  await visitor.write(
    'scenarios/huge.yaml',
    'name: huge\nnodes: { workers: 240 }\nnetwork: { nodeMasks: { ipv4: 24 } }\n',
  );
  const directory = visitor.file('report');
  const { status, stderr } = await visitor.run(['run', folder, '--report-dir', directory]);
  t.is(status, 3, stderr);
  const index = await readIndex(directory);
  t.deepEqual(
    index.runs.map(({ exitCode }) => exitCode),
    [3, 0, 0],
  );
  // A host with more fails for want of an engine, as every scenario here would.
  if (totalmem() < 180 * 1024 ** 3)
    t.regex(index.runs[0]?.reason ?? '', /^no room on this host: its 241 nodes need 180\.8 GiB/);
});

test.serial(
  'Ctrl-C: what was not begun is told as such, with a report each, and the status is 130',
  async (t) => {
    const visitor = await visit(t);
    const server = createServer((socket) => socket.on('error', () => undefined).resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    // An engine that never answers.
    const { port } = server.address() as AddressInfo;
    await visitor.addProgram('lxc', `require('node:net').connect(${port}, '127.0.0.1');`);
    const directory = visitor.file('report');
    const files = ['scenarios/quickstart.yaml', 'scenarios/ipv4-only.yaml', 'scenarios/iptables.yaml'];
    const { child, ended } = visitor.start(['run', ...files, '--parallel', '2', '--report-dir', directory]);
    await once(server, 'connection');
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    t.is(status, 130, stderr);
    const index = await readIndex(directory);
    t.like(index, { exitCode: 130, counts: { aborted: 3 } });
    t.deepEqual(
      index.runs.map(({ outcome, exitCode }) => [outcome, exitCode]),
      Array(3).fill(['aborted', 130]),
    );
    t.regex(index.runs[2]?.reason ?? '', /not begun/);
  },
);

test.serial(
  'under GitHub Actions problems are annotations at their lines, from the root of the repository',
  async (t) => {
    const visitor = await visit(t);
    const bad = await visitor.write('repo/scenarios/b,a:d.yaml', BAD);
    const env = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: visitor.file('repo') };
    const command =
      /^::error file=scenarios\/b%2Ca%3Ad\.yaml,line=3,col=31,title=rule service-cidr-size::network\.services\[1\]: fd98::\/64 /m;
    for (const words of [
      ['lint', bad],
      ['run', bad, '--report-dir', visitor.file('report')],
      ['run', visitor.file('repo'), '--json'],
    ]) {
      const { stdout, stderr } = await visitor.run(words, { ...env, XDG_STATE_HOME: visitor.file('state') });
      t.regex(stderr, command, words.join(' '));
      t.is(stderr.match(/^::/gm)?.length, 1);
      t.false(stdout.includes('::error'));
    }
    const off = await visitor.run(['lint', bad, '--annotations', 'none'], env);
    t.false(off.stderr.includes('::error'));
    const on = await visitor.run(['lint', bad, '--annotations', 'github']);
    t.regex(on.stderr, /^::error file=.*b%2Ca%3Ad\.yaml,line=3,/m);
  },
);
