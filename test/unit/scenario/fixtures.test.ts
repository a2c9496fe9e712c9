import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import test from 'ava';
import { parse } from 'yaml';
import { isK0sNetwork } from '../../../src/distributions/k0s-config.ts';
import { scenarioJsonSchema } from '../../../src/scenario/json-schema.ts';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { formatProblem } from '../../../src/scenario/problem.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function yamlFiles(folder: string): string[] {
  const path = join(root, folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(path, name));
}

const editorAccepts = new Ajv({ strict: false }).compile(scenarioJsonSchema());

for (const file of yamlFiles('test/fixtures/scenarios/valid')) {
  const name = basename(file);
  const text = readFileSync(file, 'utf8');

  test(`valid/${name} is accepted, by editors too`, (t) => {
    const { scenario, problems } = parseScenario(text, name);
    t.deepEqual(problems.map(formatProblem), []);
    t.is(scenario?.name, basename(file, '.yaml'));
    t.true(editorAccepts(parse(text)), JSON.stringify(editorAccepts.errors));
  });
}

for (const file of yamlFiles('test/fixtures/scenarios/invalid')) {
  const name = basename(file);

  // What must be said is in the file beside it, a problem a line.
  test(`invalid/${name} is refused, with all that is wrong in its place`, (t) => {
    const { scenario, problems } = parseScenario(readFileSync(file, 'utf8'), name);
    const expected = readFileSync(file.replace(/yaml$/, 'problems.txt'), 'utf8');
    t.is(scenario, null);
    t.is(problems.map((problem) => `${formatProblem(problem)}\n`).join(''), expected);
  });
}

for (const name of ['typos', 'wrong-types']) {
  test(`invalid/${name}.yaml is refused by editors too`, (t) => {
    t.false(
      editorAccepts(parse(readFileSync(join(root, `test/fixtures/scenarios/invalid/${name}.yaml`), 'utf8'))),
    );
  });
}

for (const file of yamlFiles('scenarios')) {
  const name = basename(file, '.yaml');
  const text = readFileSync(file, 'utf8');

  test(`the shipped scenario ${name} is in order`, (t) => {
    const { scenario, problems, expect } = parseScenario(text, file);
    t.true(text.startsWith('# yaml-language-server: $schema=../schemas/scenario.schema.json\n'));
    // Only what nodes fetch themselves needs a way out.
    const fromStore = scenario?.install.from === 'snap-store';
    // What k0s brings itself comes from a registry.
    const pulls = scenario !== null && scenario.distribution.name === 'k0s' && isK0sNetwork(scenario);
    t.like(parse(text), fromStore || pulls ? { name } : { name, egress: 'blocked' });
    t.true(editorAccepts(parse(text)), JSON.stringify(editorAccepts.errors));
    if (typeof expect === 'object' && expect !== null && 'rule' in expect) {
      t.deepEqual([...new Set(problems.map(({ rule }) => rule))], [expect.rule]);
    } else {
      t.deepEqual(problems, []);
      t.truthy(scenario);
    }
  });
}

test('everything in the editors’ schema has a description', (t) => {
  const undescribed: string[] = [];
  const visit = (path: string, schema: ReturnType<typeof scenarioJsonSchema>): void => {
    for (const [key, child] of Object.entries(schema.properties ?? {})) {
      const here = `${path}${key}`;
      if (child.description === undefined) undescribed.push(here);
      visit(`${here}.`, child);
    }
    for (const child of [...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])]) {
      visit(path, child);
    }
  };
  visit('', scenarioJsonSchema());
  t.deepEqual(undescribed, []);
});
