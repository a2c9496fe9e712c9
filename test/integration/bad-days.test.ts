import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import {
  assertNothingLeft,
  lxdGet,
  namesLikeOurs,
  outcomeOf,
  readWrittenReport,
  realTest as test,
  reportFolder,
} from './real-engine.ts';
import { reportIndexSchema } from '../../src/report/report-index.ts';
import { runEntry, startEntry, type RunningEntry } from '../support/run-entry.ts';

const NODE = /ts-[a-z0-9]{6}-control-plane-1/;

function startQuickstart(folder: string, ...options: string[]): RunningEntry {
  return startEntry(['run', 'scenarios/quickstart.yaml', '--no-egress', '--report-dir', folder, ...options]);
}

const inNode = (node: string, ...command: string[]): Promise<unknown> =>
  execa('lxc', ['exec', '-n', `local:${node}`, '--', ...command], { stdin: 'ignore' });

test("a Service that answers on IPv4 only: exit 1, IPv4 passed, IPv6 failed with curl's own error", async (t) => {
  const folder = reportFolder();
  const run = startQuickstart(folder);
  await run.stderrMatches(/kubeadm init on/);
  const [node] = await run.stderrMatches(NODE);
  // The fault: packets for port 80 over IPv6 vanish on the node.
  const rules =
    'table ip6 fault { chain outgoing { type filter hook output priority -300; tcp dport 80 drop; }; chain incoming { type filter hook prerouting priority -300; tcp dport 80 drop; }; }';
  await inNode(node, 'nft', rules);
  const { status } = await run.result;
  t.is(status, 1);
  const report = readWrittenReport(folder);
  t.is(outcomeOf(report, 'service/nginx-dualstack/ipv4/from-node'), 'passed');
  t.is(outcomeOf(report, 'service/nginx-dualstack/ipv6/from-node'), 'failed');
  const failed = report.checks.find(({ id }) => id === 'service/nginx-dualstack/ipv6/from-node');
  t.regex(failed?.reason ?? '', /^curl: \(\d+\)/);
  t.is(report.failure?.class, 'check');
  t.is(report.timeToDualStackMs, null);
  await assertNothingLeft(t, report.runId);
});

test('Ctrl-C during bootstrap of two runs: everything is removed, what waits is not begun, exit 130, and a SIGTERM after it shortens nothing', async (t) => {
  const folder = reportFolder();
  const files = ['scenarios/quickstart.yaml', 'scenarios/iptables.yaml', 'scenarios/ipv4-only.yaml'];
  const call = ['run', ...files, '--parallel', '2', '--no-egress', '--report-dir', folder];
  const { child, result, stderrMatches } = startEntry(call);
  await stderrMatches(/^\[quickstart\] .*kubeadm init on/m);
  await stderrMatches(/^\[iptables\] .*launch ts-/m);
  child.kill('SIGINT');
  // Of two signals that are pending at the same time the kernel may let the later one be seen first.
  await stderrMatches(/SIGINT: stopping/);
  child.kill('SIGTERM');
  t.is((await result).status, 130);
  const index = reportIndexSchema.parse(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')));
  t.like(index, { exitCode: 130, counts: { aborted: 3 } });
  t.regex(index.runs[2]?.reason ?? '', /not begun/);
  for (const { runId, directory } of index.runs) {
    const report = readWrittenReport(join(folder, directory));
    t.like(report, {
      outcome: 'aborted',
      failure: { class: 'interrupted' },
      cleanup: { outcome: 'complete' },
    });
    await assertNothingLeft(t, runId);
  }
});

test('a node that dies while it is bootstrapped, with retries: made anew, passed, and the report has both attempts', async (t) => {
  const folder = reportFolder();
  const run = startQuickstart(folder, '--set', 'retries=1');
  await run.stderrMatches(/kubeadm init on/);
  // The network's first step runs beside it, and would be the one that fails.
  await run.stderrMatches(/masquerade only what leaves the cluster on .*done/);
  const [node] = await run.stderrMatches(NODE);
  await execa('lxc', ['delete', '--force', `local:${node}`], { stdin: 'ignore' });
  t.is((await run.result).status, 0);
  const report = readWrittenReport(folder);
  t.like(report, { outcome: 'passed', failure: null });
  t.is(report.retries.length, 1);
  const [retry] = report.retries;
  t.like(retry, { attempt: 1, failure: { class: 'infrastructure' } });
  // What asks the node for its kubeconfig may see that it is gone before its bootstrap does.
  t.regex(retry?.failure.step ?? '', /^bootstrap\/(init|api)$/);
  t.is(report.phases.filter(({ name }) => name === 'bootstrap').length, 1);
  t.true(report.notices.some((notice) => notice.startsWith('attempt 1 of 2 failed and is made anew')));
  t.deepEqual(readdirSync(join(folder, 'diagnostics')), ['attempt-1']);
  await assertNothingLeft(t, report.runId);
});

test('SIGTERM while a node is launched: exit 143 and nothing left', async (t) => {
  const folder = reportFolder();
  const run = startQuickstart(folder);
  await run.stderrMatches(/launch ts-/);
  run.child.kill('SIGTERM');
  t.is((await run.result).status, 143);
  await assertNothingLeft(t, readWrittenReport(folder).runId);
});

test('SIGKILL at several moments: gc removes what is left and nothing else', async (t) => {
  const foreign = 'ts-looks-like-ours';
  await execa('lxc', ['profile', 'create', `local:${foreign}`], { input: '' });
  t.teardown(() => execa('lxc', ['profile', 'delete', `local:${foreign}`], { stdin: 'ignore' }));
  for (const moment of [/create network ts-/, /launch ts-/, /kubeadm init on/]) {
    const run = startQuickstart(reportFolder());
    await run.stderrMatches(moment);
    const [, runId = 'unknown'] = await run.stderrMatches(/run ([a-z0-9]{6}) of/);
    run.child.kill('SIGKILL');
    await run.result;
    const { status, stderr } = await runEntry(['gc']);
    t.is(status, 0, stderr);
    await assertNothingLeft(t, runId);
    t.true((await namesLikeOurs()).includes(`profiles/${foreign}`), String(moment));
  }
});

test('a node that dies during bootstrap: exit 4, the step, diagnostics, no leftovers', async (t) => {
  const folder = reportFolder();
  const run = startQuickstart(folder);
  await run.stderrMatches(/kubeadm init on/);
  const [node] = await run.stderrMatches(NODE);
  await execa('lxc', ['stop', '--force', `local:${node}`], { stdin: 'ignore' });
  t.is((await run.result).status, 4);
  const report = readWrittenReport(folder);
  t.is(report.failure?.class, 'infrastructure');
  t.truthy(report.failure?.step);
  t.true(report.checks.length > 0 && report.checks.every(({ outcome }) => outcome === 'not-reached'));
  await assertNothingLeft(t, report.runId);
});

test("kubeadm that fails: exit 4 with its own last lines, the node's journal in diagnostics, no leftovers", async (t) => {
  const folder = reportFolder();
  const run = startQuickstart(folder);
  await run.stderrMatches(/kubeadm init on/);
  const [node] = await run.stderrMatches(NODE);
  // The step is announced a moment before the program runs.
  await inNode(
    node,
    'timeout',
    '20',
    'sh',
    '-c',
    'until pkill --signal TERM --exact kubeadm; do sleep 0.1; done',
  );
  t.is((await run.result).status, 4);
  const report = readWrittenReport(folder);
  t.is(report.failure?.step, 'bootstrap/init');
  const diagnostics = join(folder, 'diagnostics');
  t.regex(readFileSync(join(diagnostics, node, 'journal.log'), 'utf8'), /kubelet/);
  t.true(readdirSync(diagnostics).includes('bootstrap_init.log'));
  await assertNothingLeft(t, report.runId);
});

test('out of time: exit 124, clean-up included', async (t) => {
  const folder = reportFolder();
  const { status } = await startQuickstart(folder, '--timeout', '3s').result;
  t.is(status, 124);
  const report = readWrittenReport(folder);
  t.is(report.outcome, 'timed-out');
  await assertNothingLeft(t, report.runId);
});

test('two scenarios of one call, and another call beside it: all pass, with networks that do not overlap', async (t) => {
  const folder = reportFolder();
  const files = ['scenarios/quickstart.yaml', 'scenarios/ipv6-primary.yaml'];
  const call = ['run', ...files, '--parallel', '2', '--no-egress', '--json', '--report-dir', folder];
  const beside = reportFolder();
  const [{ status, stdout, stderr }, single] = await Promise.all([
    runEntry(call),
    startQuickstart(beside, '--json').result,
  ]);
  t.is(single.status, 0, single.stderr.slice(-2000));
  t.is(status, 0, stderr.slice(-3000));
  const index = reportIndexSchema.parse(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')));
  t.deepEqual(JSON.parse(stdout), index);
  t.like(index, { exitCode: 0, counts: { passed: 2 } });
  const reports = index.runs.map(({ directory }) => readWrittenReport(join(folder, directory)));
  const [one, other] = reports;
  const alone = readWrittenReport(beside);
  t.is(new Set([...reports, alone].map(({ nodes }) => nodes[0]?.addresses[0])).size, 3);
  await assertNothingLeft(t, alone.runId);
  // The second began before the first had ended.
  t.true(Date.parse(other?.startedAt ?? '') < Date.parse(one?.startedAt ?? '') + (one?.durationMs ?? 0));
  const events = index.runs.map(({ directory }) =>
    readFileSync(join(folder, directory, 'events.jsonl'), 'utf8'),
  );
  t.false(events[0]?.includes(other?.runId ?? 'unknown'));
  t.false(events[1]?.includes(one?.runId ?? 'unknown'));
  t.is(
    readFileSync(join(folder, 'junit.xml'), 'utf8').match(/<testsuite name="(quickstart|ipv6-primary)"/g)
      ?.length,
    2,
  );
  t.regex(stderr, /^\[quickstart\] \[ +[\d.]+s\] launch /m);
  t.regex(stderr, /^\[ipv6-primary\] \[ +[\d.]+s\] launch /m);
  for (const { runId } of index.runs) await assertNothingLeft(t, runId);
});

test("an engine's defaults and pools are as they were", async (t) => {
  const profile = (await lxdGet('/1.0/profiles/default')) as { config: object; description: string };
  t.false(JSON.stringify(profile).includes('twinstack'));
});
