import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import test from 'ava';
import { SUPPORTED_KUBERNETES_VERSIONS } from '../../src/scenario/supported-versions.ts';
import { ROOT, VERBS, visit } from './command-line.ts';

/** A command line of ours in a document. */
interface Example {
  readonly place: string;
  readonly words: readonly string[];
}

const CALL = /^(?:npm run (?:-s )?scenario(?: --)?|twinstack)(?: (.*))?$/;

async function documents(): Promise<string[]> {
  const inDocs = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...inDocs.map((name) => `docs/${name}`)];
}

/** Code of a document: lines of its blocks, and spans between backticks, with the number of their line. */
function codeOf(text: string): { line: number; code: string }[] {
  let isBlock = false;
  return text.split('\n').flatMap((content, index) => {
    const line = index + 1;
    if (/^\s*```/.test(content)) {
      isBlock = !isBlock;
      return [];
    }
    if (isBlock) return [{ line, code: content.trim() }];
    return [...content.matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ line, code }));
  });
}

function examplesIn(document: string, text: string): Example[] {
  return codeOf(text).flatMap(({ line, code }) => {
    const called = CALL.exec(code);
    if (called === null) return [];
    const [command = ''] = (called[1] ?? '').split(/ [|>&] | && /);
    const words = command.split(/\s+/).filter((word) => word !== '');
    return [{ place: `${document}:${line} ${code}`, words }];
  });
}

/** The verb of a command line, as the program finds it: what is no verb is a file to run. */
function verbOf(words: readonly string[]): readonly string[] {
  const matching = VERBS.filter((verb) => verb.every((word, index) => words[index] === word));
  return matching.sort((one, other) => other.length - one.length)[0] ?? ['run'];
}

test.serial('every command in the documents has a verb and options that exist', async (t) => {
  const visitor = await visit(t);
  const helps = new Map<string, string>();
  let count = 0;
  for (const document of await documents()) {
    for (const { place, words } of examplesIn(document, await readFile(join(ROOT, document), 'utf8'))) {
      count += 1;
      const verb = verbOf(words);
      // A first word that is neither verb, option nor file stands for a verb that is gone, or never was.
      const first = words[0] ?? '--help';
      t.true(/^(--?[a-z]|VERB$)|[./]/i.test(first) || first === verb[0], `${place}: what is "${first}"?`);
      const key = verb.join(' ');
      const help = helps.get(key) ?? (await visitor.run([...verb, '--help'])).stdout;
      helps.set(key, help);
      for (const option of words.filter((word) => word.startsWith('-') && word !== '--')) {
        const [name = ''] = option.split('=');
        t.regex(help, new RegExp(`^ +(?:-\\w, )?${name}\\b`, 'm'), `${place}: ${key} has no ${name}`);
      }
      for (const file of words.filter((word) => /^scenarios(\/|$)/.test(word))) {
        await t.notThrowsAsync(access(join(ROOT, file)), `${place}: ${file}`);
      }
    }
  }
  t.true(count > 10, `only ${count} commands were found: has their form changed?`);
});

test.serial('links between documents lead somewhere', async (t) => {
  for (const document of await documents()) {
    const text = await readFile(join(ROOT, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)) {
      const file = resolve(join(ROOT, dirname(document)), target);
      await t.notThrowsAsync(access(file), `${document}: ${target}`);
    }
  }
});

test.serial('the README names each verb and each exit status', async (t) => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  for (const verb of VERBS.filter((words) => words.join(' ') !== 'image')) {
    t.regex(readme, new RegExp(`^\\| \`${verb.join(' ')}[ \`]`, 'm'));
  }
  const schema = JSON.parse(await readFile(join(ROOT, 'schemas', 'report.schema.json'), 'utf8')) as {
    properties: { exitCode: { enum: number[] } };
  };
  for (const code of schema.properties.exitCode.enum) t.regex(readme, new RegExp(`^\\| ${code} `, 'm'));
});

test.serial('the README names each Kubernetes release', async (t) => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  for (const version of SUPPORTED_KUBERNETES_VERSIONS) t.true(readme.includes(version), version);
});

test.serial('scenarios in the documents are good, or say which rule refuses them', async (t) => {
  const visitor = await visit(t);
  for (const document of ['README.md', 'docs/writing-scenarios.md']) {
    const text = await readFile(join(ROOT, document), 'utf8');
    const scenarios = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => yaml);
    t.true(scenarios.length > 0, document);
    for (const [index, yaml] of scenarios.entries()) {
      const file = await visitor.write(`example-${index}.yaml`, yaml);
      const { status, stdout } = await visitor.run(['lint', file]);
      t.is(status, 0, `${document}: ${stdout}`);
    }
  }
});
