import test from 'ava';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadScenario } from '../../../src/scenario/load-scenario.ts';
import { elfProgram } from '../../support/elf-program.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const here = process.arch === 'arm64' ? 183 : 62;
const other = process.arch === 'arm64' ? 62 : 183;
const glibc = process.arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2';

test('programs of the user are found relative to the scenario file', async (t) => {
  const folder = temporaryDirectory(t);
  const file = join(folder, 'scenarios', 'mine.yaml');
  await mkdir(join(folder, 'scenarios'));
  await mkdir(join(folder, 'out'));
  await writeFile(join(folder, 'out', 'kubelet'), elfProgram('kubelet', { machine: here, loader: glibc }));
  await writeFile(file, 'binaries: { kubelet: ../out/kubelet }\n');
  const { scenario, problems } = await loadScenario(file);
  t.deepEqual(problems, []);
  t.deepEqual(scenario?.binaries, { kubelet: '../out/kubelet' });
});

for (const [what, program, content, pattern] of [
  ['missing', 'kubelet', null, /^\.\/program is not there; paths are relative to the scenario file/],
  ['a script', 'kubelet', Buffer.from('#!/bin/sh\n'), /is no 64-bit ELF program/],
  ['for another architecture', 'kubelet', elfProgram('x', { machine: other }), /is a program for a/],
  [
    'dynamic in a container image',
    'kube-proxy',
    elfProgram('x', { machine: here, loader: glibc }),
    /is dynamically linked/,
  ],
] as const) {
  test(`a program that is ${what} is refused, at its place`, async (t) => {
    const folder = temporaryDirectory(t);
    const file = join(folder, 'mine.yaml');
    if (content !== null) await writeFile(join(folder, 'program'), content);
    await writeFile(file, `name: mine\nbinaries:\n  ${program}: ./program\n`);
    const { scenario, problems } = await loadScenario(file);
    t.is(scenario, null);
    const [problem] = problems;
    t.is(problems.length, 1);
    t.like(problem, { rule: 'file', path: `binaries.${program}`, position: { file, line: 3 } });
    t.is(problem?.position.column, program.length + 5);
    t.regex(problem?.message ?? '', pattern);
  });
}

test('a folder is no program', async (t) => {
  const folder = temporaryDirectory(t);
  await mkdir(join(folder, 'program'));
  await writeFile(join(folder, 'mine.yaml'), 'binaries: { kubelet: program }\n');
  const { problems } = await loadScenario(join(folder, 'mine.yaml'));
  t.regex(problems[0]?.message ?? '', /is no regular file/);
});

test('a program that no node has is refused, with those that it has', async (t) => {
  const folder = temporaryDirectory(t);
  await writeFile(join(folder, 'mine.yaml'), 'binaries:\n  kubelett: ./x\n  kubectl: 1\n');
  const { problems } = await loadScenario(join(folder, 'mine.yaml'));
  t.deepEqual(
    problems.map(({ path, position }) => [path, position.line]),
    [
      ['binaries.kubelett', 2],
      ['binaries.kubectl', 3],
    ],
  );
  t.regex(problems[0]?.message ?? '', /kubelet/);
});
