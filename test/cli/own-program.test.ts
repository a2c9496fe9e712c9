import test from 'ava';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { elfProgram } from '../support/elf-program.ts';
import { runEntry } from '../support/run-entry.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// A distribution's program that can't run in a node is told before anything is touched, with the place that names it and a way out.

const OTHER = process.arch === 'arm64' ? 62 : 183;
const OWN = process.arch === 'arm64' ? 183 : 62;

for (const [title, content, mode, status, says] of [
  ['for another architecture', elfProgram('k0s', { machine: OTHER }), 0o755, 3, /is a program for a/],
  [
    'that nobody may execute',
    elfProgram('k0s', { machine: OWN }),
    0o644,
    3,
    /is not executable: chmod \+x .*k0s/,
  ],
  ['that is an archive', Buffer.from('not a program'), 0o755, 3, /is no 64-bit ELF program/],
  ['that is not there', null, 0o755, 2, /can't be read: ENOENT/],
  ['that fits', elfProgram('k0s', { machine: OWN }), 0o755, 0, /^$/],
] as const) {
  test(`a program of one's own ${title}: exit status ${status}`, async (t) => {
    const folder = temporaryDirectory(t);
    const file = join(folder, 'x.yaml');
    const lines = [
      'name: x',
      'distribution: { name: k0s, version: 1.36.3+k0s.2 }',
      'cni: { name: bridge }',
      'binary: ./k0s',
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    if (content !== null) {
      writeFileSync(join(folder, 'k0s'), content);
      chmodSync(join(folder, 'k0s'), mode);
    }
    const result = await runEntry(['plan', file]);
    t.is(result.status, status, result.stderr);
    t.regex(result.stderr, says);
    if (status !== 0) t.true(result.stderr.includes(`${file}:4:9`), result.stderr);
  });
}
