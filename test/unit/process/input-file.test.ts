import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { CommandError } from '../../../src/process/command-runner.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const call = { timeoutMs: 20_000, signal: never() };

test('a program reads a file of a gigabyte as its input, and none of it passes through us', async (t) => {
  const inputFile = join(temporaryDirectory(t), 'large');
  await writeFile(inputFile, '');
  await truncate(inputFile, 1 << 30);
  const before = process.memoryUsage().rss;
  const { stdout } = await new HostCommandRunner().run('wc', ['-c'], { ...call, inputFile });
  t.is(Number(stdout), 1 << 30);
  t.true(process.memoryUsage().rss - before < 50e6);
});

test('a file that is gone is said, and is no defect', async (t) => {
  const inputFile = join(temporaryDirectory(t), 'gone');
  const run = new HostCommandRunner().run('wc', ['-c'], { ...call, inputFile });
  await t.throwsAsync(run, { instanceOf: CommandError, message: /^can't give wc its input: ENOENT/ });
});
