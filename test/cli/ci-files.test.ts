import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { ROOT, VERBS, visit } from './command-line.ts';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
}
interface Workflow {
  readonly permissions: unknown;
  readonly concurrency: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      { readonly 'timeout-minutes'?: number; readonly strategy?: object; readonly steps: readonly Step[] }
    >
  >;
}

const WORKFLOWS = '.github/workflows';
const files = async (folder: string): Promise<string[]> =>
  (await readdir(join(ROOT, folder))).map((name) => join(folder, name));
const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8');

test.serial(
  'every command of ours in workflows and examples has a verb and options that exist',
  async (t) => {
    const visitor = await visit(t);
    let count = 0;
    for (const file of [...(await files(WORKFLOWS)), ...(await files('examples/gitlab'))]) {
      const calls = (await read(file)).matchAll(/(?:npm run (?:-s )?scenario --|npx twinstack) ([^)>|\n]*)/g);
      for (const [call, rest = ''] of calls) {
        count += 1;
        const words = rest.trim().split(/\s+/);
        const [verb] = VERBS.filter((known) => known.every((word, index) => words[index] === word)).sort(
          (one, other) => other.length - one.length,
        );
        t.truthy(verb, `${file}: ${call}`);
        const { stdout: help } = await visitor.run([...(verb ?? []), '--help']);
        for (const option of words.filter((word) => word.startsWith('--'))) {
          t.regex(help, new RegExp(`^ +(?:-\\w, )?${option}\\b`, 'm'), `${file}: ${call}`);
        }
      }
    }
    t.true(count >= 8, `only ${count} commands were found: has their form changed?`);
  },
);

test.serial(
  'each workflow has few rights, deadlines, one run at a time, and cleans up whatever happens',
  async (t) => {
    for (const file of await files(WORKFLOWS)) {
      const workflow = parse(await read(file)) as Workflow;
      t.deepEqual(workflow.permissions, { contents: 'read' }, file);
      t.truthy(workflow.concurrency, file);
      for (const [name, job] of Object.entries(workflow.jobs)) {
        t.is(typeof job['timeout-minutes'], 'number', `${file}: ${name}`);
        for (const { uses } of job.steps) t.regex(uses ?? '@v1', /@v\d+$/, `${file}: ${name}`);
      }
      const run = workflow.jobs['run'];
      t.like(run?.strategy, { 'fail-fast': false }, file);
      const always = (run?.steps ?? []).filter((step) => step.if === 'always()');
      t.true(
        always.some((step) => step.run === 'npm run scenario -- gc'),
        file,
      );
      t.true(
        always.some((step) => step.run?.includes('$GITHUB_STEP_SUMMARY') === true),
        file,
      );
      t.true(
        always.some((step) => step.uses?.startsWith('actions/upload-artifact@') === true),
        file,
      );
    }
  },
);

test.serial('the GitLab example starts the pipeline that matrix makes', async (t) => {
  const visitor = await visit(t);
  const [example, runner] = await Promise.all(
    ['.gitlab-ci.yml', 'runner.gitlab-ci.yml'].map(
      async (name) => parse(await read(`examples/gitlab/${name}`)) as Record<string, Record<string, unknown>>,
    ),
  );
  const { stdout } = await visitor.run(['matrix', '--format', 'gitlab', 'scenarios']);
  const made = parse(stdout) as Record<string, Record<string, unknown>>;
  // What the runner's file adds to: a misspelt name would add nothing.
  for (const job of Object.keys(runner ?? {})) t.true(job in made, job);
  t.deepEqual(example?.['plan']?.['artifacts'], { paths: ['scenarios.gitlab-ci.yml'] });
  t.like(example?.['scenarios'], {
    trigger: {
      include: [
        { artifact: 'scenarios.gitlab-ci.yml', job: 'plan' },
        { local: 'examples/gitlab/runner.gitlab-ci.yml' },
      ],
      strategy: 'depend',
    },
  });
});
