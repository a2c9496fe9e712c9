import { existsSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { OwnIncus } from './own-incus.ts';
import {
  answers,
  assertNothingLeft,
  assertPassed,
  namesLikeOurs,
  readWrittenReport,
  reportFolder,
} from './real-engine.ts';
import { required, SET_UP, setUpIncus, takeIncusBack } from './set-up-incus.ts';
import { waitUntil } from '../../src/run/wait-until.ts';
import { never } from '../support/never.ts';
import { runEntry, startEntry, type RunningEntry } from '../support/run-entry.ts';

await setUpIncus();
const here = await answers('incus');
if (!here && !required) {
  process.stderr.write(
    '\nNO INCUS HERE: its tests are SKIPPED. `doctor --provider incus --fix` sets it up.\n\n',
  );
}
const test: TestFn = (here || required ? anyTest.serial : anyTest.serial.skip) as TestFn;

const QUICKSTART = ['run', 'scenarios/quickstart.yaml', '--no-egress', '--provider'];

function startOn(provider: string, folder: string, ...options: string[]): RunningEntry {
  return startEntry([...QUICKSTART, provider, '--report-dir', folder, ...options]);
}

test('the quick start on Incus, beside one on LXD: both answer over both ClusterIPs, and everything goes away again', async (t) => {
  const folders = { incus: reportFolder(), lxd: reportFolder() };
  const [onIncus, onLxd] = await Promise.all([
    startOn('incus', folders.incus).result,
    startOn('lxd', folders.lxd).result,
  ]);
  t.is(onIncus.status, 0, onIncus.stderr.slice(-3000));
  t.is(onLxd.status, 0, onLxd.stderr.slice(-3000));
  const report = readWrittenReport(folders.incus);
  const beside = readWrittenReport(folders.lxd);
  await assertPassed(t, report);
  await assertPassed(t, beside);
  t.is(report.provider?.name, 'incus');
  t.regex(report.provider?.version ?? '', /^\d+\.\d+/);
  t.is(report.host?.engine, `incus ${report.provider?.version}`);
  t.regex(beside.host?.engine ?? '', /^lxd /);
  t.truthy(report.timeToDualStackMs);
  t.log(`dual-stack on Incus in ${report.timeToDualStackMs} ms, on LXD in ${beside.timeToDualStackMs} ms`);
  const checksOf = ({ checks }: typeof report): string[] => checks.map(({ id }) => id).sort();
  t.deepEqual(checksOf(report), checksOf(beside));
  const networks = [...(report.ranges?.nodes ?? []), ...(beside.ranges?.nodes ?? [])];
  t.is(networks.length, 4);
  t.is(new Set(networks).size, 4);
});

test('two nodes on Incus, kept: kubeconfig, logs and ps go to Incus, gc leaves them alone and down removes them', async (t) => {
  const folder = reportFolder();
  const args = ['run', 'scenarios/incus-dualstack.yaml', '--keep', 'always', '--report-dir', folder];
  const run = await runEntry(args);
  t.is(run.status, 0, run.stderr.slice(-3000));
  const { runId, nodes, cleanup } = readWrittenReport(folder);
  t.is(cleanup.outcome, 'kept');
  t.is(nodes.length, 2);
  t.regex((await runEntry(['kubeconfig', runId])).stdout, /^apiVersion: v1/);
  // journald reads what the host's kernel has to say first.
  await waitUntil(
    async () => {
      const { stdout } = await runEntry(['logs', runId, 'worker-1']);
      const missing = stdout.split('\n').slice(-3).join('\n');
      return /kubelet/.test(stdout) ? { met: true, value: null } : { met: false, missing };
    },
    { condition: 'the log has lines of the kubelet', timeoutMs: 60_000, intervalMs: 500, signal: never() },
  );
  t.is((await runEntry(['gc'])).status, 0);
  t.regex((await runEntry(['ps'])).stdout, new RegExp(`^${runId} .*kept`, 'm'));
  // LXD has the bridge too, as a network that it does not manage.
  const mine = new Set((await namesLikeOurs()).filter((name) => name.includes(runId)));
  t.is(mine.size, 5, [...mine].join(' '));
  const down = await runEntry(['down', runId]);
  t.is(down.status, 0, down.stderr);
  await assertNothingLeft(t, runId);
});

test('Ctrl-C during bootstrap on Incus: everything is removed, exit 130', async (t) => {
  const folder = reportFolder();
  const run = startOn('incus', folder);
  await run.stderrMatches(/kubeadm init on/);
  run.child.kill('SIGINT');
  t.is((await run.result).status, 130);
  const report = readWrittenReport(folder);
  t.is(report.cleanup.outcome, 'complete');
  await assertNothingLeft(t, report.runId);
});

test('SIGKILL on Incus: gc says 5 while Incus can not be reached, and then removes what is left', async (t) => {
  const run = startOn('incus', reportFolder());
  await run.stderrMatches(/kubeadm init on/);
  const [, runId = 'unknown'] = await run.stderrMatches(/run ([a-z0-9]{6}) of/);
  run.child.kill('SIGKILL');
  await run.result;
  const blind = await runEntry(['gc'], { INCUS_SOCKET: '/nowhere/unix.socket' });
  t.is(blind.status, 5, blind.stderr);
  t.regex(blind.stderr, /Incus does not answer/);
  const { status, stderr } = await runEntry(['gc']);
  t.is(status, 0, stderr);
  await assertNothingLeft(t, runId);
});

test('an Incus that hangs: exit 3 within ten seconds, with the cause and what to do', async (t) => {
  const own = await OwnIncus.start();
  if (own === null) {
    t.log('SKIPPED: only root can start an Incus of its own');
    return t.pass();
  }
  t.teardown(async () => {
    own.resume();
    await own.remove();
  });
  own.halt();
  const startedAt = performance.now();
  const { status, stderr } = await startOn('incus', reportFolder(), '--yes').result;
  const tookMs = performance.now() - startedAt;
  t.is(status, 3, stderr);
  t.regex(stderr, /Incus hangs: its daemon is there and gave no answer within 6 s/);
  t.regex(stderr, /systemctl restart incus/);
  t.true(tookMs < 10_000, `${Math.round(tookMs)} ms`);
});

test('what our set-up did is taken back by doctor --undo, and a run with --yes does it again', async (t) => {
  if (!required || !existsSync(join(SET_UP.XDG_STATE_HOME, 'twinstack', 'host-changes.json'))) {
    t.log('SKIPPED: Incus was here before, and stays as it is');
    return t.pass();
  }
  const undone = await takeIncusBack();
  t.is(undone.status, 0, undone.stderr);
  t.false(await answers('incus'));
  t.false(existsSync('/etc/apt/sources.list.d/twinstack-backports.list'));
  const folder = reportFolder();
  const refused = await startOn('incus', folder).result;
  t.is(refused.status, 3, refused.stderr);
  t.regex(refused.stderr, /Incus is not installed/);
  t.regex(refused.stderr, /apt-get install .*incus-client/);
  const again = await runEntry([...QUICKSTART, 'incus', '--yes', '--report-dir', folder], SET_UP);
  t.is(again.status, 0, again.stderr.slice(-3000));
  await assertPassed(t, readWrittenReport(folder));
});
