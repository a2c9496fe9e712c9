import { execFile } from 'node:child_process';
import { access, chmod, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { SUPPORTED_KUBERNETES_VERSIONS } from '../../src/scenario/supported-versions.ts';
import {
  allCommands,
  commandsIn,
  documentNames,
  makeReadersFolder,
  scenarioFilesIn,
  staleExceptions,
  treatmentOf,
} from '../support/document-commands.ts';
import { bootstrapDialogue } from '../../src/distributions/k8s-snap-dialogue.ts';
import { parseScenario } from '../../src/scenario/parse-scenario.ts';
import { elfProgram } from '../support/elf-program.ts';
import { ROOT, VERBS, visit } from './command-line.ts';

/** A command line of ours in a document. */
interface Example {
  readonly place: string;
  readonly words: readonly string[];
}

const CALL = /^(?:npm run (?:-s )?scenario(?: --)?|twinstack)(?: (.*))?$/;

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
  for (const document of await documentNames(ROOT)) {
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

/** The anchors that GitHub gives a document's headings. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test.serial('links between documents lead somewhere, to the heading that they name', async (t) => {
  for (const document of await documentNames(ROOT)) {
    const text = await readFile(join(ROOT, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(ROOT, document) : resolve(join(ROOT, dirname(document)), path);
      await t.notThrowsAsync(access(file), `${document}: ${target}`);
      if (anchor === undefined) continue;
      const anchors = anchorsOf(await readFile(file, 'utf8'));
      t.true(anchors.has(anchor), `${document}: there is no heading for ${target}`);
    }
  }
});

test('commands are found in sh and console blocks, and nowhere else', (t) => {
  const text = [
    '```sh\n# a comment\nfirst --yes # why\n\nlong \\\n  one\n```',
    '```text\nno\n```\n`not this`',
    '  ```console\n  $ second | third\n  output\n  ```',
  ].join('\n');
  t.deepEqual(
    commandsIn('x.md', text).map((command) => [command.line, command.text]),
    [
      [3, 'first --yes'],
      [5, 'long one'],
      [13, 'second | third'],
    ],
  );
});

test('somebody has thought about every command of the documents', async (t) => {
  const commands = await allCommands(ROOT);
  const unknown = commands.filter((command) => treatmentOf(command) === null);
  t.deepEqual(
    unknown.map(({ document, line, text }) => `${document}:${line} ${text}`),
    [],
    'run it in a test, or say in test/support/document-commands.ts why not',
  );
  t.deepEqual(staleExceptions(commands), [], 'gone from the documents');
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const { document, line, text } of commands) {
    const [, script = 'test'] = /^npm run (?:-s )?([\w:]+)/.exec(text) ?? [];
    t.true(script in scripts, `${document}:${line} ${text}`);
  }
});

test.serial('commands that need no engine work as they stand in the documents', async (t) => {
  const { folder, programs } = await makeReadersFolder(ROOT);
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await symlink(process.execPath, join(programs, 'node'));
  // Only these programs: no command of the documents can reach this host's engine.
  const env = { PATH: programs, HOME: folder };
  let count = 0;
  for (const document of await documentNames(ROOT)) {
    const text = await readFile(join(ROOT, document), 'utf8');
    for (const { name, yaml } of scenarioFilesIn(text)) await writeFile(join(folder, name), yaml);
    for (const command of commandsIn(document, text)) {
      if (treatmentOf(command)?.how !== 'alone') continue;
      count += 1;
      const options = { cwd: folder, env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 };
      await t.notThrowsAsync(
        promisify(execFile)('/bin/sh', ['-c', command.text], options),
        `${document}:${command.line} ${command.text}`,
      );
    }
  }
  t.true(count > 2, `only ${count} commands were run: has their form changed?`);
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
  for (const document of [
    'README.md',
    'docs/writing-scenarios.md',
    'docs/k8s-snap.md',
    'docs/k0s.md',
    'docs/networks.md',
  ]) {
    const text = await readFile(join(ROOT, document), 'utf8');
    // Files of the reader's own, by the names that the examples use.
    for (const [, name = ''] of text.matchAll(/manifest: (\S+\.yaml)/g)) {
      const manifest =
        'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ipFamilyPolicy: RequireDualStack, selector: { run: web }, ports: [{ port: 80 }] }\n';
      const plugin = /(calico|cilium)\.yaml$/.exec(name)?.[1];
      const shaped = join(ROOT, 'test', 'fixtures', 'cni', `${plugin}-shaped.yaml`);
      await visitor.write(name, plugin === undefined ? manifest : await readFile(shaped, 'utf8'));
    }
    for (const [, program = '', path = ''] of text.matchAll(/binaries: \{ (\w+): (\S+) \}/g)) {
      const file = await visitor.write(path, '');
      await writeFile(file, elfProgram(program));
      await chmod(file, 0o755);
    }
    const scenarios = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => yaml);
    t.true(scenarios.length > 0, document);
    for (const [index, yaml] of scenarios.entries()) {
      const file = await visitor.write(`example-${index}.yaml`, yaml);
      const { status, stdout } = await visitor.run(['lint', file]);
      t.is(status, 0, `${document}: ${stdout}`);
    }
  }
});

test.serial('the prompts of k8s in its document are those that are known', async (t) => {
  const text = await readFile(join(ROOT, 'docs', 'k8s-snap.md'), 'utf8');
  const examples = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => yaml);
  const own = examples.find((yaml) => yaml.includes('prompts:')) ?? '';
  const { scenario } = parseScenario(own, 'own.yaml');
  const known = parseScenario(own.replace(/^dialogue:[^]*/m, ''), 'known.yaml').scenario;
  if (scenario === null || known === null) return t.fail('the example is refused');
  t.deepEqual(bootstrapDialogue(scenario), bootstrapDialogue(known));
});
