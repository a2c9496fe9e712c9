import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test, { type ExecutionContext } from 'ava';
import { addNodeImage, sampleKey } from '../support/sample-node-image.ts';
import { ROOT, VERBS, visit, type Visitor } from './command-line.ts';

const LEASE = { machineId: 'm', bootId: 'b', pid: 1, startTicks: 1, expiresAt: '2026-01-01T00:00:00.000Z' };

async function leaveDeadRun(visitor: Visitor): Promise<void> {
  const record = {
    schemaVersion: 1,
    runId: 'a1b2c3',
    scenario: { name: 'quickstart', file: 'scenarios/quickstart.yaml' },
    provider: 'lxd',
    lease: LEASE,
    startedAt: '2026-01-01T00:00:00.000Z',
    state: 'running',
    ranges: [],
    nodes: [],
    reportDir: '/nowhere',
  };
  await visitor.write('home/.local/state/twinstack/runs/a1b2c3/run.json', JSON.stringify(record));
}

const KEY = sampleKey('sample');

async function leaveImage(visitor: Visitor): Promise<void> {
  await addNodeImage(visitor.file('home/.cache/twinstack'));
}

async function leaveDeadRunAndImage(visitor: Visitor): Promise<void> {
  await leaveDeadRun(visitor);
  await leaveImage(visitor);
}

/** Each command, the schema of what it prints, and what has to be there before it. */
const CASES: readonly {
  readonly words: readonly string[];
  readonly schema: string;
  readonly before?: (visitor: Visitor) => Promise<void>;
  /** What has to be in the document, or an empty one would prove nothing. */
  readonly holds: RegExp;
}[] = [
  { words: ['plan', 'scenarios/three-nodes.yaml'], schema: 'plan', holds: /"worker-2"/ },
  { words: ['lint', 'scenarios'], schema: 'lint', holds: /quickstart\.yaml/ },
  { words: ['lint', 'test/fixtures/scenarios/invalid/crowded.yaml'], schema: 'lint', holds: /"rule"/ },
  { words: ['list'], schema: 'list', holds: /quickstart/ },
  { words: ['doctor'], schema: 'doctor', holds: /"blocker"/ },
  { words: ['ps', '--caches'], schema: 'ps', before: leaveDeadRunAndImage, holds: /a1b2c3[^]*"node-image"/ },
  { words: ['down', 'a1b2c3'], schema: 'removal', before: leaveDeadRun, holds: /a1b2c3/ },
  { words: ['gc'], schema: 'removal', before: leaveDeadRun, holds: /a1b2c3/ },
  { words: ['run', 'scenarios/rejected-service-cidr.yaml'], schema: 'report', holds: /"passed"/ },
  {
    words: ['run', 'scenarios/rejected-service-cidr.yaml', 'scenarios/ipv4-only.yaml'],
    schema: 'index',
    holds: /ipv4-only/,
  },
  {
    words: ['image', 'list'],
    schema: 'image-list',
    before: leaveImage,
    holds: new RegExp(KEY),
  },
  {
    words: ['image', 'export', KEY.slice(0, 8), 'FOLDER/image.tar'],
    schema: 'image-export',
    before: leaveImage,
    holds: new RegExp(KEY),
  },
  {
    words: ['image', 'import', 'FOLDER/image.tar'],
    schema: 'image-import',
    before: async (visitor) => {
      await leaveImage(visitor);
      await visitor.run(['image', 'export', KEY.slice(0, 8), visitor.file('image.tar')]);
    },
    holds: new RegExp(KEY),
  },
];

async function assertValid(t: ExecutionContext, schemaName: string, document: unknown): Promise<void> {
  const file = join(ROOT, 'schemas', `${schemaName}.schema.json`);
  const schema = JSON.parse(await readFile(file, 'utf8')) as object;
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  t.true(validate(document), JSON.stringify(validate.errors));
}

for (const { words, schema, before, holds } of CASES) {
  test(`${words.join(' ')} --json is what schemas/${schema}.schema.json says`, async (t) => {
    const visitor = await visit(t);
    await before?.(visitor);
    const { stdout, stderr } = await visitor.run([
      ...words.map((word) => word.replace('FOLDER', dirname(visitor.home))),
      '--json',
    ]);
    t.regex(stdout, holds, stderr);
    await assertValid(t, schema, JSON.parse(stdout));
  });
}

test('what matrix --format json prints fits its schema, by scenario and by shard', async (t) => {
  for (const more of [[], ['--shards', '2']]) {
    const visitor = await visit(t);
    const { status, stdout } = await visitor.run(['matrix', 'scenarios', '--format', 'json', ...more]);
    t.is(status, 0);
    t.regex(stdout, /quickstart/);
    await assertValid(t, 'matrix', JSON.parse(stdout));
  }
});

test('every schema is tested here, or by a test that is named here', async (t) => {
  const elsewhere = [
    // Lines of a file: test/unit/report/read-events.test.ts
    'event',
    // Needs an engine: test/integration/documents.test.ts
    'image',
    // Below: its option is --format.
    'matrix',
    // For editors: test/cli/documents.test.ts
    'scenario',
  ];
  const files = await readdir(join(ROOT, 'schemas'));
  const names = files.map((name) => name.replace('.schema.json', ''));
  const tested = new Set([...elsewhere, ...CASES.map(({ schema }) => schema)]);
  t.deepEqual(
    names.filter((name) => !tested.has(name)),
    [],
  );
  for (const name of files) {
    const schema = JSON.parse(await readFile(join(ROOT, 'schemas', name), 'utf8')) as Record<string, unknown>;
    for (const key of ['$schema', 'title', 'description'])
      t.is(typeof schema[key], 'string', `${name} ${key}`);
  }
});

test('every verb with --json is called here', async (t) => {
  const visitor = await visit(t);
  const elsewhere = ['report', 'image build'];
  for (const verb of VERBS) {
    const { stdout } = await visitor.run([...verb, '--help']);
    const name = verb.join(' ');
    if (!/^ +--json\b/m.test(stdout) || elsewhere.includes(name)) continue;
    t.true(
      CASES.some(({ words }) => words.join(' ').startsWith(name)),
      name,
    );
  }
});
