import { rm } from 'node:fs/promises';
import anyTest, { type ExecutionContext } from 'ava';
import {
  assertNothingLeft,
  assertPassed,
  outcomeOf,
  readWrittenReport,
  realTest,
  reportFolder,
} from './real-engine.ts';
import { dockerIsHere, forwardChains, startDocker, type DockerDaemon } from './docker-daemon.ts';
import { startEntry, runEntry } from '../support/run-entry.ts';

const inCI = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
const isRoot = process.getuid?.() === 0;
const able = isRoot && (await dockerIsHere(inCI));
if (!able) {
  const why = isRoot ? 'dockerd is not installed' : 'only root can start dockerd and see chain FORWARD';
  process.stderr.write(`\nNO DOCKER HERE: the tests beside Docker are SKIPPED: ${why}.\n\n`);
}
// On a machine for CI a Docker that could not be had is a failure: the first test then ends with what is missing.
const test = able || (inCI && isRoot) ? realTest : realTest.skip;

let docker: DockerDaemon | null = null;
anyTest.before(async () => {
  if (able || (inCI && isRoot)) docker = await startDocker();
});
anyTest.after.always(async () => {
  await docker?.stop();
});

const ofRun = (runId: string, lines: readonly string[]): string[] =>
  lines.filter((line) => line.includes(`"twinstack run ${runId} in lxd"`));

async function assertDropping(t: ExecutionContext): Promise<string[]> {
  const chains = await forwardChains();
  t.is(chains.filter((line) => line === '-P FORWARD DROP').length, 2, 'both families drop');
  t.true(
    chains.some((line) => line.includes('DOCKER')),
    "Docker's own rules are there",
  );
  return chains;
}

test('quickstart passes beside Docker, and needs no rule of ours', async (t) => {
  const before = await assertDropping(t);
  const folder = reportFolder();
  const run = startEntry(['run', 'scenarios/quickstart.yaml', '--no-egress', '--report-dir', folder]);
  await run.stderrMatches(/kubeadm init on/);
  t.deepEqual(await forwardChains(), before);
  const { status, stderr } = await run.result;
  t.is(status, 0, stderr.split('\n').slice(-40).join('\n'));
  await assertPassed(t, readWrittenReport(folder));
});

test('three nodes pass beside Docker: rules accept their bridge alone, and go with the run', async (t) => {
  const before = await assertDropping(t);
  const folder = reportFolder();
  const run = startEntry(['run', 'scenarios/three-nodes.yaml', '--no-egress', '--report-dir', folder]);
  await run.stderrMatches(/kubeadm init on/);
  const [, runId = ''] = await run.stderrMatches(/ts-([a-z0-9]{6})-control-plane-1/);
  const rule = `-A FORWARD -i ts-${runId} -o ts-${runId} -m comment --comment "twinstack run ${runId} in lxd" -j ACCEPT`;
  t.deepEqual(ofRun(runId, await forwardChains()), [rule, rule], 'one for each family');
  const { status, stderr } = await run.result;
  t.is(status, 0, stderr.split('\n').slice(-40).join('\n'));
  const report = readWrittenReport(folder);
  await assertPassed(t, report);
  for (const family of ['ipv4', 'ipv6']) t.is(outcomeOf(report, `egress/lab/${family}/blocked`), 'passed');
  t.deepEqual(await forwardChains(), before, "and Docker's are as they were");
});

test('killed, its journal lost: gc finds the rules by their comment', async (t) => {
  const before = await assertDropping(t);
  const state = { XDG_STATE_HOME: reportFolder() };
  const run = startEntry(['run', 'scenarios/three-nodes.yaml', '--no-egress'], state);
  const [, runId = ''] = await run.stderrMatches(/launch ts-([a-z0-9]{6})-control-plane-1/);
  t.is(ofRun(runId, await forwardChains()).length, 2);
  run.child.kill('SIGKILL');
  await run.result;
  await rm(state.XDG_STATE_HOME, { recursive: true, force: true });
  t.is(ofRun(runId, await forwardChains()).length, 2, 'they outlive the process');
  const { status, stderr } = await runEntry(['gc'], state);
  t.is(status, 0, stderr);
  t.regex(stderr, new RegExp(`forward-rule ts-${runId}-ipv4`));
  t.deepEqual(await forwardChains(), before);
  await assertNothingLeft(t, runId);
});
