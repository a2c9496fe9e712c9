import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { HostOwnTests } from '../../../src/own-tests/host-own-tests.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

// In a file, and so a process, of its own: its memory is measured.

const node = (script: string): string[] => [process.execPath, '-e', script];

test('a gigabyte of output: little memory, a bounded file with both ends, and an end to the lines', async (t) => {
  const script = `
    const block = Buffer.alloc(1 << 20, 'x'.repeat(99) + '\\n');
    process.stdout.write('the first line\\n');
    let left = 1024;
    const more = () => {
      while (left > 0) {
        left -= 1;
        if (!process.stdout.write(block)) return process.stdout.once('drain', more);
      }
      process.stdout.write('the last line\\n');
    };
    more();`;
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  let shown = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  const reportDir = temporaryDirectory(t);
  const tests = new HostOwnTests({
    runId: `t${process.pid}g`,
    env: process.env,
    kubeconfigFile: '/k',
    reportDir,
    abandoned: never(),
    secrets: new Set(['abcdef.secret', 'k'.repeat(300)]),
  });
  const end = await tests.run(
    { number: 1, command: node(script), cwd: reportDir, env: {}, timeoutMs: 60_000, log: 'tests/1.log' },
    { nodes: [], families: [] },
    { signal: never(), onLine: (line) => (shown += line.length) },
  );
  clearInterval(watch);
  t.like(end, { by: 'exit', exitCode: 0, outputBytes: 1024 * 1024 * 1024 + 29 });
  t.regex(end.lastLines.at(-1) ?? '', /the last line$/);
  t.true(shown < 10 * 1024 * 1024, String(shown));
  t.true(most - before < 64 * 1024 * 1024, `${(most - before) / 1024 / 1024} MiB more`);
  t.log(`${Math.round((most - before) / 1024 / 1024)} MiB more memory, ${end.durationMs} ms`);
  const log = join(reportDir, 'tests/1.log');
  t.true(statSync(log).size < 34 * 1024 * 1024);
  const kept = readFileSync(log, 'latin1');
  t.true(kept.startsWith('the first line\n'));
  t.true(kept.endsWith('the last line\n'));
  t.regex(
    kept.slice(32 * 1024 * 1024 - 10, 32 * 1024 * 1024 + 200),
    /\[twinstack: \d+ bytes of output are left out here\]/,
  );
});
