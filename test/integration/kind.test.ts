import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { execa } from 'execa';
import { useContainerDocker, type ContainerDocker } from './container-docker.ts';
import { dockerIsHere, forwardChains } from './docker-daemon.ts';
import { readWrittenReport, reportFolder } from './real-engine.ts';
import { waitUntil } from '../../src/run/wait-until.ts';
import { never } from '../support/never.ts';
import { runEntry, startEntry, type RunningEntry } from '../support/run-entry.ts';
import type { Report } from '../../src/report/report.ts';
import type { ReportIndex } from '../../src/report/report-index.ts';

const inCI = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
const isRoot = process.getuid?.() === 0;
const able = isRoot && (await dockerIsHere(inCI));
if (!able) {
  const why = isRoot ? 'dockerd is not installed' : 'only root can start a Docker daemon';
  process.stderr.write(`\nNO DOCKER HERE: the tests of kind are SKIPPED: ${why}.\n\n`);
}
const test = (able || (inCI && isRoot) ? anyTest.serial : anyTest.serial.skip) as TestFn;

const SCENARIO = ['run', 'scenarios/kind-dualstack.yaml', '--yes', '--no-egress', '--report-dir'];
/** An image may have to be built first, of the system container's. */
const FIRST_RUN_TIMEOUT_MS = 20 * 60_000;

let docker: ContainerDocker | null = null;
let chains: readonly string[] = [];

const env = (): NodeJS.ProcessEnv => ({ DOCKER_HOST: docker?.host ?? '' });
const start = (args: readonly string[], more: NodeJS.ProcessEnv = {}): RunningEntry =>
  startEntry(args, { ...env(), ...more });

async function docked(...args: string[]): Promise<string[]> {
  const { stdout } = await execa('docker', args, { env: env(), stdin: 'ignore' });
  return stdout.split('\n').filter((line) => line !== '');
}

/** Everything on this host that has a run's id in its name. */
async function namesOf(runId: string): Promise<string[]> {
  const { stdout: tables } = await execa('nft', ['list', 'tables'], { stdin: 'ignore' });
  const lists = await Promise.all([
    docked('ps', '--all', '--format', '{{.Names}}'),
    docked('network', 'ls', '--format', '{{.Name}}'),
    docked('volume', 'ls', '--format', '{{.Name}} {{.Labels}}'),
    readdir('/sys/class/net'),
  ]);
  return [...lists.flat(), ...tables.split('\n')].filter((name) => name.includes(runId));
}

/** The containers of both nodes are there. */
async function untilNodesRun(runId: string): Promise<void> {
  await waitUntil(
    async () => {
      const running = await docked('ps', '--quiet', '--filter', `name=ts-${runId}-`);
      return running.length === 2
        ? { met: true, value: null }
        : { met: false, missing: `${running.length} of 2 run` };
    },
    { condition: 'the nodes of kind run', timeoutMs: 60_000, intervalMs: 100, signal: never() },
  );
}

async function assertPassed(t: ExecutionContext, report: Report): Promise<void> {
  t.deepEqual(
    report.checks.filter(({ outcome }) => outcome !== 'passed'),
    [],
  );
  t.is(report.outcome, 'passed');
  t.deepEqual(report.cleanup, { outcome: 'complete', leaked: [] });
  t.deepEqual(await namesOf(report.runId), []);
}

anyTest.before(async () => {
  if (!able && !(inCI && isRoot)) return;
  chains = await forwardChains();
  docker = await useContainerDocker();
});

anyTest.after.always(async (t) => {
  if (docker === null) return;
  await docker.stop();
  if (docker.ours) t.deepEqual(await forwardChains(), chains);
});

test('two nodes of kind, offline: both answer over both ClusterIPs, and nothing of the user changes', async (t) => {
  t.timeout(FIRST_RUN_TIMEOUT_MS);
  const folder = await mkdtemp(join(tmpdir(), 'twinstack-kind-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, "the user's own\n");
  // As an older kind leaves it, or Docker without IPv6: kind itself would use it as it is.
  await docked('network', 'create', 'kind');
  t.teardown(async () => {
    await docked('network', 'rm', 'kind');
    await rm(folder, { recursive: true, force: true });
  });
  const before = await docked('network', 'inspect', 'kind');
  const reportDir = reportFolder();
  const { status, stderr } = await start([...SCENARIO, reportDir], {
    KUBECONFIG: kubeconfig,
    HOME: folder,
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  }).result;
  t.is(status, 0, stderr.slice(-3000));
  const report = readWrittenReport(reportDir);
  await assertPassed(t, report);
  t.is(report.provider?.name, 'kind');
  t.regex(report.host?.engine ?? '', /^docker \d/);
  t.is(report.nodes.length, 2);
  for (const node of report.nodes) t.is(node.addresses.length, 2, node.name);
  t.notRegex(report.image?.source ?? 'none', /none|not of twinstack/);
  t.true(report.image?.workload?.standIn);
  t.truthy(report.timeToDualStackMs);
  t.log(`dual-stack in ${report.timeToDualStackMs} ms`);
  for (const family of ['ipv4', 'ipv6']) {
    // The server on the other node sees the pod's own address.
    t.true(
      report.checks.some(({ id }) => id === `service/nginx-dualstack/${family}/from-pod/worker-1`),
      family,
    );
    t.true(
      report.checks.some(({ id }) => id === `egress/lab/${family}/blocked`),
      family,
    );
  }
  t.is(await readFile(kubeconfig, 'utf8'), "the user's own\n");
  t.deepEqual(await docked('network', 'inspect', 'kind'), before);
  t.false((await readdir(folder)).includes('.kube'));
});

test('one scenario on LXD, Incus and kind: one report lines them up, and their checks do not differ', async (t) => {
  const folder = reportFolder();
  const args = ['run', 'scenarios/quickstart.yaml', '--provider', 'lxd,incus,kind', '--parallel', '2'];
  const { status, stdout, stderr } = await start([...args, '--yes', '--report-dir', folder]).result;
  t.is(status, 0, stderr.slice(-3000));
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as ReportIndex;
  t.deepEqual(
    index.runs.map(({ provider, outcome }) => [provider, outcome]),
    [
      ['lxd', 'passed'],
      ['incus', 'passed'],
      ['kind', 'passed'],
    ],
  );
  const [comparison] = index.comparisons ?? [];
  t.deepEqual(comparison?.differences, []);
  t.regex(stdout, /lxd.*incus.*kind/s);
  t.log(stdout);
});

for (const moment of ['before there is a node', 'while nodes are bootstrapped']) {
  test(`Ctrl-C ${moment}: everything is removed, exit 130`, async (t) => {
    const folder = reportFolder();
    const run = start([...SCENARIO, folder]);
    const [, runId = 'unknown'] = await run.stderrMatches(/run ([a-z0-9]{6}) of/);
    await run.stderrMatches(/kind create cluster/);
    if (moment !== 'before there is a node') await untilNodesRun(runId);
    run.child.kill('SIGINT');
    t.is((await run.result).status, 130);
    const report = readWrittenReport(folder);
    t.is(report.cleanup.outcome, 'complete');
    t.deepEqual(await namesOf(report.runId), []);
  });
}

test('SIGKILL while kind makes its nodes: gc ends kind, which goes on by itself, and removes what it made', async (t) => {
  const run = start([...SCENARIO, reportFolder()]);
  const [, runId = 'unknown'] = await run.stderrMatches(/run ([a-z0-9]{6}) of/);
  await run.stderrMatches(/kind create cluster/);
  run.child.kill('SIGKILL');
  await run.result;
  t.not((await namesOf(runId)).length, 0);
  const { status, stderr } = await runEntry(['gc'], env());
  t.is(status, 0, stderr);
  t.deepEqual(await namesOf(runId), []);
});

test('a Docker that is gone: gc says 5 while a journal names what it has, and 0 once it is back', async (t) => {
  const run = start([...SCENARIO, reportFolder()]);
  const [, runId = 'unknown'] = await run.stderrMatches(/run ([a-z0-9]{6}) of/);
  await run.stderrMatches(/kind create cluster/);
  run.child.kill('SIGKILL');
  await run.result;
  const blind = await runEntry(['gc'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  t.is(blind.status, 5, blind.stderr);
  t.regex(blind.stderr, /Docker does not answer/);
  t.is((await runEntry(['gc'], env())).status, 0);
  t.deepEqual(await namesOf(runId), []);
});
