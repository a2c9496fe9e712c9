import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  assertNothingLeft,
  outcomeOf,
  readWrittenReport,
  realTest as test,
  reportFolder,
} from './real-engine.ts';
import { runEntry, ROOT } from '../support/run-entry.ts';
import { findProcesses, searchForRun } from '../../src/own-tests/marked-processes.ts';
import { waitUntil } from '../../src/run/wait-until.ts';
import { never } from '../support/never.ts';

test("own workloads and own tests: one that passes, one that fails, one that won't end, one that prints a gigabyte", async (t) => {
  const folder = reportFolder();
  const run = await runEntry(['run', 'test/fixtures/own/own.yaml', '--json', '--report-dir', folder]);
  const tail = run.stderr.slice(-4000);
  t.is(run.status, 1, tail);
  const report = readWrittenReport(folder);
  t.deepEqual(JSON.parse(run.stdout), report, 'standard output has the report and nothing else');

  // The workload: both families of one Service, the primary one of the other, from the node and from a pod.
  for (const path of ['from-node', 'from-pod/control-plane-1']) {
    for (const id of ['web-v6.shop/ipv4', 'web-v6.shop/ipv6', 'old.shop/ipv4']) {
      t.is(outcomeOf(report, `service/${id}/${path}`), 'passed', tail);
    }
  }
  t.is(outcomeOf(report, 'service/old.shop/ipv6/from-node'), undefined);
  t.is(report.image?.workload, null, 'ours was not asked for');
  t.truthy(report.timeToDualStackMs);
  t.true(report.notices.some((notice) => /^web\.yaml \(sha256 [0-9a-f]{64}\) was applied$/.test(notice)));
  t.regex(run.stderr, /web\.yaml:31:1 warning: Service old is SingleStack by default/);

  const resultOf = (name: string) => report.checks.find(({ id }) => id === `test/${name}/both/exit-status`);
  t.like(resultOf('nodes-v6'), { outcome: 'passed', evidence: { exitCode: 0 } });
  const kept = readFileSync(join(folder, 'tests/1-nodes-v6.log'), 'utf8');
  t.is(kept, `mode 600\nnodes ${report.nodes[0]?.name}\n[redacted]\n`);
  t.like(resultOf('fails'), {
    outcome: 'failed',
    reason: 'sh ended with status 3',
    evidence: { exitCode: 3, log: 'tests/2-fails.log' },
  });
  t.like(resultOf('hangs'), { outcome: 'failed', evidence: { signal: 'SIGKILL' } });
  t.regex(
    resultOf('hangs')?.reason ?? '',
    /did not end within 2 s, took no notice of SIGTERM, and was killed/,
  );
  t.like(resultOf('prints'), { outcome: 'passed', evidence: { outputBytes: 1024 * 1024 * 1024 + 14 } });
  t.true(statSync(join(folder, 'tests/4-prints.log')).size < 34 * 1024 * 1024);
  t.regex(run.stderr, /^fails \| before$/m);
  const junit = readFileSync(join(folder, 'junit.xml'), 'utf8');
  t.regex(
    junit,
    /<testcase [^>]*name="test\/fails\/both\/exit-status"[^>]*>\s*<failure message="sh ended with status 3/,
  );
  t.regex(junit, /<system-out>before\s+why<\/system-out>/);
  t.true(statSync(join(folder, 'events.jsonl')).size < 1024 * 1024);

  t.deepEqual(await findProcesses(searchForRun(report.runId)), []);
  await assertNothingLeft(t, report.runId);
});

test("Ctrl-C at a terminal reaches the user's test: 130, its processes gone, nothing left", async (t) => {
  const folder = reportFolder();
  const args = ['run', 'scenarios/quickstart.yaml', '--yes', '--no-egress', '--report-dir', folder];
  const own = ['sh', 'test/fixtures/own/waits.sh'];
  const command = [process.execPath, 'dist/cli.js', ...args, '--', ...own].join(' ');
  // `script` gives it a terminal, whose line discipline makes a SIGINT of the character.
  const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: ROOT,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(terminal, 'close');
  const log = join(folder, 'tests/1-sh-test-fixtures-own-waits-sh.log');
  await waitUntil(
    () => {
      const armed = existsSync(log) && readFileSync(log, 'utf8').includes('waiting');
      const met = { met: true, value: null } as const;
      return Promise.resolve(
        armed ? met : { met: false, missing: terminal.exitCode?.toString() ?? 'no line' },
      );
    },
    { condition: 'the test is at work', timeoutMs: 120_000, intervalMs: 100, signal: never() },
  );
  terminal.stdin.write('\u0003');
  const [status] = (await ended) as [number | null];
  t.is(status, 130);
  const report = readWrittenReport(folder);
  t.like(report, { outcome: 'aborted', exitCode: 130, failure: { class: 'interrupted' } });
  const result = report.checks.find(({ id }) => id.startsWith('test/'));
  t.like(result, { outcome: 'not-reached', reason: 'the run was ended while sh was at work' });
  t.is(readFileSync(log, 'utf8'), 'waiting\ngot SIGINT\n');
  t.deepEqual(await findProcesses(searchForRun(report.runId)), []);
  await assertNothingLeft(t, report.runId);
});
