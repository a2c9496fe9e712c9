import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { visit } from './command-line.ts';

/** The environment in which Node says that it runs on another machine. */
function on(machine: string): Readonly<Record<string, string>> {
  const source = `Object.defineProperty(process, 'arch', { value: '${machine}' });`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` };
}

for (const [machine, foreign] of [
  ['x64', 'arm64'],
  ['arm64', 'amd64'],
] as const) {
  test.serial(`on ${machine} an image for ${foreign} is refused: its programs can't run here`, async (t) => {
    const visitor = await visit(t);
    const { status, stdout, stderr } = await visitor.run(
      ['image', 'build', '--architecture', foreign],
      on(machine),
    );
    t.is(status, 3, stderr);
    t.is(stdout, '');
    t.true(
      stderr.includes(`a node image for ${foreign} can't be built here: this host is ${machine}`),
      stderr,
    );
    t.regex(stderr, /Build it on a host of that architecture, then export and import it/);
  });
}

test.serial('an architecture that nobody makes images for is a mistake of usage', async (t) => {
  const visitor = await visit(t);
  const { status, stderr } = await visitor.run(['image', 'build', '--architecture', 's390x']);
  t.is(status, 2, stderr);
  t.regex(stderr, /'s390x' is invalid.*amd64.*arm64/s);
  t.deepEqual(await visitor.belongings(), []);
});

const NO_IMAGE = /no node image for this machine, which is s390x.*amd64 and arm64/s;

test.serial('on a machine without a node image, image build says so', async (t) => {
  const visitor = await visit(t);
  const { status, stderr } = await visitor.run(['image', 'build'], on('s390x'));
  t.is(status, 3, stderr);
  t.regex(stderr, NO_IMAGE);
  t.deepEqual(await visitor.belongings(), []);
});

test.serial('on a machine without a node image, run reports it', async (t) => {
  const visitor = await visit(t);
  const directory = visitor.file('report');
  const args = ['run', 'scenarios/quickstart.yaml', '--report-dir', directory];
  const { status, stderr } = await visitor.run(args, on('s390x'));
  t.is(status, 3, stderr);
  t.regex(stderr, NO_IMAGE);
  const report = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')) as object;
  t.like(report, { outcome: 'error', exitCode: 3, nodes: [], checks: [], failure: { class: 'preflight' } });
});

test.serial('a machine without a node image can still lint, plan and be looked at', async (t) => {
  const visitor = await visit(t);
  t.is((await visitor.run(['lint', 'scenarios'], on('s390x'))).status, 0);
  t.is((await visitor.run(['plan', 'scenarios/quickstart.yaml'], on('s390x'))).status, 0);
  const { status, stdout, stderr } = await visitor.run(['doctor', '--json'], on('s390x'));
  t.is(status, 3, stderr);
  t.like(architectureFinding(stdout), { severity: 'blocker', cause: 'this machine is s390x' });
});

for (const [machine, severity] of [
  ['x64', 'ok'],
  ['arm64', 'warning'],
] as const) {
  test.serial(`doctor on ${machine}: ${severity}`, async (t) => {
    const visitor = await visit(t);
    const { stdout } = await visitor.run(['doctor', '--json'], on(machine));
    t.is(architectureFinding(stdout)?.severity, severity);
  });
}

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly cause: string;
}

function architectureFinding(stdout: string): Finding | undefined {
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.find(({ id }) => id === 'architecture');
}
