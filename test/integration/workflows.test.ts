import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { execa } from 'execa';
import { ROOT } from '../support/run-entry.ts';

// actionlint is a Go module, pinned by test/tools/go.sum.
const go = await execa('go', ['version'], { reject: false, stdin: 'ignore' }).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
);
const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
if (!go && !required) process.stderr.write('\nNO GO HERE: the workflows are NOT CHECKED by actionlint.\n\n');
const test: TestFn = (go || required ? anyTest.serial : anyTest.serial.skip) as TestFn;

const WORKFLOWS = join(ROOT, '.github', 'workflows');
const BUILD_TIMEOUT_MS = 300_000;

/** Without shellcheck and pyflakes: whether these are installed must not decide the result. */
async function actionlint(
  files: readonly string[],
): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = await execa(
    'go',
    ['tool', 'actionlint', '-shellcheck=', '-pyflakes=', ...files],
    {
      cwd: join(ROOT, 'test', 'tools'),
      reject: false,
      stdin: 'ignore',
      timeout: BUILD_TIMEOUT_MS,
    },
  );
  return { exitCode, stdout, stderr };
}

test('actionlint has nothing against the workflows', async (t) => {
  const names = await readdir(WORKFLOWS);
  t.true(names.length >= 2);
  const { exitCode, stdout, stderr } = await actionlint(names.map((name) => join(WORKFLOWS, name)));
  t.is(stdout, '');
  t.is(exitCode, 0, stderr);
});

test('actionlint would say what is wrong with them', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'twinstack-workflow-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const text = await readFile(join(WORKFLOWS, 'ci.yml'), 'utf8');
  const file = join(folder, 'ci.yml');
  await writeFile(file, text.replaceAll('needs.plan.outputs.matrix', 'needs.plan.outputs.matrx'));
  const { exitCode, stdout } = await actionlint([file]);
  t.is(exitCode, 1);
  t.regex(stdout, /property "matrx" is not defined/);
});
