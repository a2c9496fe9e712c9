import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { execa } from 'execa';
import {
  commandsIn,
  documentNames,
  makeReadersFolder,
  scenarioFilesIn,
  treatmentOf,
} from '../support/document-commands.ts';
import { ROOT, runEntry } from '../support/run-entry.ts';
import { realTest as test } from './real-engine.ts';

const COMMAND_TIMEOUT_MS = 5 * 60_000;

test('commands of the documents work as they stand, in the order in which a reader meets them', async (t) => {
  const { folder, programs } = await makeReadersFolder(ROOT);
  const state = join(folder, 'state');
  const env = { XDG_STATE_HOME: state, PATH: `${programs}:${process.env['PATH'] ?? ''}` };
  t.teardown(async () => {
    // What a page made and did not remove, this test removes: by what its own state knows.
    const { stdout } = await runEntry(['ps', '--json'], { XDG_STATE_HOME: state });
    const { runs } = JSON.parse(stdout) as { runs: { runId: string; record: unknown }[] };
    for (const { runId, record } of runs) {
      if (record !== null) await runEntry(['down', runId], { XDG_STATE_HOME: state });
    }
    await rm(folder, { recursive: true, force: true });
  });
  // The same command is not run twice: pages repeat what they build on.
  const done = new Set<string>();
  for (const document of await documentNames(ROOT)) {
    const text = await readFile(join(ROOT, document), 'utf8');
    for (const { name, yaml } of scenarioFilesIn(text)) await writeFile(join(folder, name), yaml);
    for (const command of commandsIn(document, text)) {
      if (treatmentOf(command)?.how !== 'engine' || done.has(command.text)) continue;
      done.add(command.text);
      const place = `${document}:${command.line} ${command.text}`;
      const began = performance.now();
      // Without input a shell in a node ends at once.
      const ended = await execa('/bin/sh', ['-c', command.text], {
        cwd: folder,
        env,
        stdin: 'ignore',
        reject: false,
        timeout: COMMAND_TIMEOUT_MS,
      });
      t.log(`${((performance.now() - began) / 1000).toFixed(1)} s  ${place}`);
      t.is(ended.exitCode, 0, `${place}\n${ended.stdout.slice(-1000)}\n${ended.stderr.slice(-3000)}`);
    }
  }
  t.true(done.size > 0);
});

test('image build --json is what its schema says', async (t) => {
  const { status, stdout, stderr } = await runEntry(['image', 'build', '--json']);
  t.is(status, 0, stderr);
  const schema = JSON.parse(await readFile(join(ROOT, 'schemas', 'image.schema.json'), 'utf8')) as object;
  const validate = new Ajv2020({ strict: false }).compile(schema);
  t.true(validate(JSON.parse(stdout)), JSON.stringify(validate.errors));
});
