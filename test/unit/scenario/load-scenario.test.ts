import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { lintFiles } from '../../../src/scenario/lint.ts';
import { findScenarioFiles, loadScenario } from '../../../src/scenario/load-scenario.ts';

async function folder(
  t: ExecutionContext,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'twinstack-scenario-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return path;
}

test('loads a file with its text and hash', async (t) => {
  const content = '\ufeffname: x\r\n';
  const path = join(await folder(t, { 'x.yaml': content }), 'x.yaml');
  const loaded = await loadScenario(path);
  t.deepEqual(loaded.problems, []);
  t.is(loaded.scenario?.name, 'x');
  t.is(loaded.text, 'name: x\r\n');
  t.is(loaded.sha256, createHash('sha256').update(content).digest('hex'));
  const overridden = await loadScenario(path, { overrides: ['name=y'] });
  t.is(overridden.scenario?.name, 'y');
  t.is(overridden.sha256, loaded.sha256);
});

test('a file that cannot be read is a problem like any other', async (t) => {
  const path = await folder(t, {
    'empty.yaml': '',
    'utf16.yaml': Buffer.from('\ufeffname: x', 'utf16le'),
    'latin1.yaml': Buffer.from('description: caf\u00e9', 'latin1'),
    'huge.yaml': '#'.repeat(128 * 1024 + 1),
    'large.yaml': `name: x\n${'#'.repeat(128 * 1024 - 8)}`,
  });
  await symlink('circle.yaml', join(path, 'circle.yaml'));
  const table: [string, RegExp | null][] = [
    ['missing.yaml', /^there is no such file or directory$/],
    ['empty.yaml/x.yaml', /^a part of this path is a file/],
    ['.', /^is a directory: name a scenario file in it$/],
    ['empty.yaml', /^nothing is in this file/],
    ['utf16.yaml', /^is not UTF-8 text/],
    ['latin1.yaml', /^is not UTF-8 text/],
    ['huge.yaml', /^has 131073 bytes, more than a scenario can have \(131072\)/],
    ['large.yaml', null],
    ['circle.yaml', /symbolic links go in a circle/],
  ];
  for (const [name, message] of table) {
    const file = join(path, name);
    const { scenario, problems, text } = await loadScenario(file);
    if (message === null) {
      t.deepEqual(problems, []);
      continue;
    }
    t.is(scenario, null, name);
    t.is(text, '', name);
    t.is(problems.length, 1, name);
    t.like(problems[0], { severity: 'error', path: '', position: { file, line: 1, column: 1 } });
    t.regex(problems[0]?.message ?? '', message, name);
  }
  t.regex((await loadScenario('/dev/null')).problems[0]?.message ?? '', /no regular file/);
});

test('finds scenario files in and below folders, sorted, none twice', async (t) => {
  const path = await folder(t, {
    'b.yaml': 'name: b',
    'a.yml': 'name: a',
    'deep/er/c.YAML': 'name: c',
    'notes.txt': '',
    'one.conf': 'name: one',
    '.hidden.yaml': '',
    '.git/d.yaml': '',
    'node_modules/e/f.yaml': '',
    'deep/manifests/web.yaml': 'kind: Service',
    'bare/readme.md': '',
  });
  await symlink('..', join(path, 'deep', 'loop'));
  const at = (name: string): string => join(path, name);
  t.deepEqual(await findScenarioFiles([path]), {
    files: [at('a.yml'), at('b.yaml'), at('deep/er/c.YAML')],
    problems: [],
  });
  t.deepEqual((await findScenarioFiles([at('one.conf'), at('b.yaml'), path])).files, [
    at('one.conf'),
    at('b.yaml'),
    at('a.yml'),
    at('deep/er/c.YAML'),
  ]);
  const { files, problems } = await findScenarioFiles([at('missing'), at('bare'), at('b.yaml')]);
  t.deepEqual(files, [at('b.yaml')]);
  t.deepEqual(
    problems.map(({ position, message, rule }) => [position.file, rule, message]),
    [
      [at('missing'), 'file', 'there is no such file or directory'],
      [at('bare'), 'file', 'holds no scenario: no *.yaml or *.yml is in or below it'],
    ],
  );
});

test('lint judges each file by what it expects', async (t) => {
  const large = 'network: { services: [10.0.0.0/24, fd98::/64] }';
  const path = await folder(t, {
    'a-good.yaml': 'name: a',
    'b-refused.yaml': large,
    'c-expected.yaml': `${large}\nexpect: { rule: service-cidr-size }`,
    'd-and-more.yaml': `${large}\nexpect: { rule: service-cidr-size }\nname: D`,
    'e-unmet.yaml': 'expect: { rule: service-cidr-size }',
    'f-not-yet.yaml': `${large}\nexpect: { rule: service-cidr-size }\nnodes: { controlPlanes: 3 }`,
    'g-not-yet.yaml': 'expect: { rule: not-yet }\nnodes: { controlPlanes: 3 }',
    'h-schema.yaml': 'expect: { rule: schema }\nworkerz: 1',
  });
  const { files, problems } = await lintFiles([path, join(path, 'missing.yaml')]);
  t.deepEqual(
    files.map(({ judgement }) => [judgement.outcome, judgement.expectedRule]),
    [
      ['accepted', null],
      ['refused', null],
      ['refused-as-expected', 'service-cidr-size'],
      ['refused', 'service-cidr-size'],
      ['refused', null],
      ['refused-as-expected', 'service-cidr-size'],
      ['refused-as-expected', 'not-yet'],
      ['refused-as-expected', 'schema'],
    ],
  );
  t.deepEqual(
    problems.map(({ rule }) => rule),
    ['file', 'service-cidr-size', 'name', 'expect'],
  );
});

test('lints a hundred files', async (t) => {
  const text =
    '# A comment, as most files have one.\nname: x\nnodes: { workers: 2 }\nnetwork:\n  pods: [10.1.0.0/16, fd01::/80]\n';
  const names = Array.from({ length: 100 }, (_, index) => [`${index}.yaml`, text] as const);
  const path = await folder(t, Object.fromEntries(names));
  const start = performance.now();
  const { problems } = await lintFiles([path]);
  t.is(problems.length, 100);
  // A figure, not a limit: the machine that runs the tests may be busy.
  t.log(`${Math.round(performance.now() - start)} ms`);
});
