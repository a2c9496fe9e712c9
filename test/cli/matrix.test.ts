import test from 'ava';
import { parse } from 'yaml';
import { visit, type Visitor } from './command-line.ts';
import { ciMatrixSchema } from '../../src/commands/ci-matrix.ts';

async function writeScenarios(visitor: Visitor): Promise<string> {
  await visitor.write('scenarios/one.yaml', 'name: one\n');
  await visitor.write('scenarios/more/large.yaml', 'name: large\nnodes: { workers: 2 }\n');
  await visitor.write("scenarios/more/it's.yaml", 'name: one\n');
  return visitor.file('scenarios');
}

test.serial('json: an array with each scenario, its file and its nodes', async (t) => {
  const visitor = await visit(t);
  const folder = await writeScenarios(visitor);
  const { status, stdout } = await visitor.run(['matrix', folder]);
  t.is(status, 0);
  const matrix: unknown = JSON.parse(stdout);
  t.notThrows(() => ciMatrixSchema.parse(matrix));
  t.deepEqual(matrix, [
    { name: `one (${folder}/more/it's.yaml)`, scenario: `${folder}/more/it's.yaml`, nodes: 1 },
    { name: 'large', scenario: `${folder}/more/large.yaml`, nodes: 3 },
    { name: `one (${folder}/one.yaml)`, scenario: `${folder}/one.yaml`, nodes: 1 },
  ]);
  t.deepEqual(await visitor.belongings(), []);
});

test.serial("github: one line, as $GITHUB_OUTPUT takes it, with what a job's matrix includes", async (t) => {
  const visitor = await visit(t);
  const folder = await writeScenarios(visitor);
  const { status, stdout } = await visitor.run(['matrix', '--format', 'github', `${folder}/one.yaml`]);
  t.is(status, 0);
  t.is(stdout, `{"include":[{"name":"one","scenario":"${folder}/one.yaml","nodes":1}]}\n`);
});

test.serial(
  'gitlab: a child pipeline with a job for each scenario, its JUnit file, and gc whatever happens',
  async (t) => {
    const visitor = await visit(t);
    const folder = await writeScenarios(visitor);
    const { status, stdout } = await visitor.run(['matrix', '--format', 'gitlab', folder]);
    t.is(status, 0);
    const pipeline = parse(stdout) as Record<string, Record<string, unknown>>;
    t.deepEqual(Object.keys(pipeline), [
      'stages',
      '.twinstack',
      `twinstack one (${folder}/more/it's.yaml)`,
      'twinstack large',
      `twinstack one (${folder}/one.yaml)`,
    ]);
    t.deepEqual(pipeline['twinstack large'], {
      extends: '.twinstack',
      script: [`twinstack run ${folder}/more/large.yaml --yes --report-dir report`],
    });
    // A name with a quote in it is one word for a shell.
    t.deepEqual(pipeline[`twinstack one (${folder}/more/it's.yaml)`]?.['script'], [
      `twinstack run '${folder}/more/it'\\''s.yaml' --yes --report-dir report`,
    ]);
    t.like(pipeline['.twinstack'], {
      after_script: ['twinstack gc'],
      artifacts: { when: 'always', paths: ['report/'], reports: { junit: 'report/junit.xml' } },
    });
  },
);

test.serial('--shards: a job for each shard, and no more of them than scenarios', async (t) => {
  const visitor = await visit(t);
  const folder = await writeScenarios(visitor);
  const { status, stdout, stderr } = await visitor.run([
    'matrix',
    '--format',
    'github',
    '--shards',
    '2',
    folder,
  ]);
  t.is(status, 0);
  t.is(stderr, '');
  t.deepEqual(JSON.parse(stdout), {
    include: [
      { name: 'shard 1 of 2', shard: '1/2', scenarios: [`${folder}/more/large.yaml`], nodes: 3 },
      {
        name: 'shard 2 of 2',
        shard: '2/2',
        scenarios: [`${folder}/more/it's.yaml`, `${folder}/one.yaml`],
        nodes: 2,
      },
    ],
  });
  const many = await visitor.run(['matrix', '--format', 'github', '--shards', '9', folder]);
  t.is((JSON.parse(many.stdout) as { include: unknown[] }).include.length, 3);
  t.regex(many.stderr, /^3 shards instead of 9/);
  const gitlab = await visitor.run(['matrix', '--format', 'gitlab', '--shards', '2', folder]);
  const pipeline = parse(gitlab.stdout) as Record<string, { script?: string[] }>;
  t.deepEqual(pipeline['twinstack shard 2 of 2']?.script, [
    `twinstack run ${folder} --shard 2/2 --yes --report-dir report`,
  ]);
});

test.serial('one scenario that is not valid: 2, its problem, and no matrix', async (t) => {
  const visitor = await visit(t);
  const folder = await writeScenarios(visitor);
  await visitor.write('scenarios/bad.yaml', 'name: bad\nnodes: { wrokers: 2 }\n');
  const { status, stdout, stderr } = await visitor.run(['matrix', '--format', 'github', folder]);
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /bad\.yaml:2:\d+ .*wrokers/);
});

test.serial('without a path: the scenarios of this program', async (t) => {
  const visitor = await visit(t);
  const { stdout } = await visitor.run(['matrix']);
  t.true(
    ciMatrixSchema
      .parse(JSON.parse(stdout))
      .some((job) => 'scenario' in job && job.scenario === 'scenarios/quickstart.yaml'),
  );
});

test.serial("a node image's key is the same at each call, and one line", async (t) => {
  const visitor = await visit(t);
  const { status, stdout } = await visitor.run(['image', 'key']);
  t.is(status, 0);
  t.regex(stdout, /^[0-9a-f]{64}\n$/);
  t.is((await visitor.run(['image', 'key'])).stdout, stdout);
  t.deepEqual(await visitor.belongings(), []);
});
