import test from 'ava';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { chooseContainerProgram } from '../../../../src/providers/kind/choose-container-program.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import type { ExecutionContext } from 'ava';

/** A folder with these programs, as an entry of PATH. */
async function folderOf(t: ExecutionContext, programs: readonly string[], mode = 0o755): Promise<string> {
  const folder = temporaryDirectory(t);
  for (const program of programs) {
    await writeFile(join(folder, program), '#!/bin/sh\n');
    await chmod(join(folder, program), mode);
  }
  return folder;
}

for (const { there, told, chosen } of [
  { there: ['docker'], told: undefined, chosen: 'docker' },
  { there: ['podman'], told: undefined, chosen: 'podman' },
  { there: ['podman', 'docker'], told: undefined, chosen: 'docker' },
  { there: [], told: undefined, chosen: 'docker' },
  { there: ['docker'], told: 'podman', chosen: 'podman' },
  { there: ['podman', 'docker'], told: 'docker', chosen: 'docker' },
  { there: ['podman'], told: 'nerdctl', chosen: 'podman' },
  { there: ['podman'], told: '', chosen: 'podman' },
] as const) {
  test(`${there.join(' and ') || 'nothing'} in PATH, kind is told ${told ?? 'nothing'}: ${chosen}`, async (t) => {
    const PATH = [temporaryDirectory(t), await folderOf(t, there)].join(delimiter);
    t.is(chooseContainerProgram({ PATH, KIND_EXPERIMENTAL_PROVIDER: told }), chosen);
  });
}

test('the order of folders does not matter, and a file that nobody may run is no program', async (t) => {
  const podman = await folderOf(t, ['podman']);
  const docker = await folderOf(t, ['docker']);
  const broken = await folderOf(t, ['docker'], 0o644);
  t.is(chooseContainerProgram({ PATH: [podman, docker].join(delimiter) }), 'docker');
  t.is(chooseContainerProgram({ PATH: [broken, podman].join(delimiter) }), 'podman');
});

test('a folder of that name is no program', async (t) => {
  const folder = temporaryDirectory(t);
  await mkdir(join(folder, 'docker'));
  t.is(chooseContainerProgram({ PATH: [folder, await folderOf(t, ['podman'])].join(delimiter) }), 'podman');
});

test('without a PATH there is nothing', (t) => {
  t.is(chooseContainerProgram({}), 'docker');
});
