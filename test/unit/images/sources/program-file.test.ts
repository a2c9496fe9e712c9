import test from 'ava';
import { appendFile, copyFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  hasAttachment,
  programProblem,
  readProgramHeader,
} from '../../../../src/images/sources/program-file.ts';
import { elfProgram } from '../../../support/elf-program.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const GLIBC = '/lib64/ld-linux-x86-64.so.2';

test("this test's own program says what it is", async (t) => {
  const header = await readProgramHeader(process.execPath);
  t.is(header?.architecture, process.arch === 'arm64' ? 'arm64' : 'amd64');
  t.regex(header?.loader ?? '', /^\/lib.*ld-/);
});

for (const [what, content, isStatic, problem] of [
  ['static, for a container image', elfProgram('x'), true, null],
  ['dynamic, for the node', elfProgram('x', { loader: GLIBC }), false, null],
  ['dynamic, for a container image', elfProgram('x', { loader: GLIBC }), true, /dynamically linked/],
  [
    'linked with musl',
    elfProgram('x', { loader: '/lib/ld-musl-x86_64.so.1' }),
    false,
    /ld-musl-x86_64\.so\.1, which a Debian node does not have/,
  ],
  ['for arm64', elfProgram('x', { machine: 183 }), false, /for arm64, and the node is amd64/],
  ['for RISC-V', elfProgram('x', { machine: 243 }), false, /for another architecture/],
  ['a script', Buffer.from('#!/bin/sh\nexec true\n'), false, /no 64-bit ELF program/],
  ['empty', Buffer.alloc(0), false, /no 64-bit ELF program/],
  ['cut in its header', elfProgram('x').subarray(0, 40), false, /no 64-bit ELF program/],
] as const) {
  test(`a program that is ${what}`, async (t) => {
    const file = join(temporaryDirectory(t), 'program');
    await writeFile(file, content);
    const found = await programProblem(file, { architecture: 'amd64', static: isStatic });
    if (problem === null) t.is(found, null);
    else t.regex(found ?? '', problem);
  });
}

test('what stands behind a program counts from a megabyte on; a true program has nothing there', async (t) => {
  const file = join(temporaryDirectory(t), 'program');
  await copyFile('/bin/cat', file);
  const isAttached = async (): Promise<boolean> => await hasAttachment(file, (await stat(file)).size);
  t.false(await isAttached());
  await appendFile(file, Buffer.alloc(1024 * 1024 - 4096));
  t.false(await isAttached());
  await appendFile(file, Buffer.alloc(8192));
  t.true(await isAttached());
});
