import test from 'ava';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContainerClient } from '../../../../src/providers/kind/container-client.ts';
import { createCluster, listClusterNodes } from '../../../../src/providers/kind/kind-clusters.ts';
import { CommandError } from '../../../../src/process/command-runner.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { never } from '../../../support/never.ts';
import { sampleOwner } from '../../../support/owner.ts';
import { printed, ScriptedEngine, type Said } from '../../../support/scripted-engine.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import type { ClusterSpec } from '../../../../src/providers/provider.ts';

const CALL = { timeoutMs: 1000, signal: never() };
const RECORDED = new URL('../../../fixtures/docker-20.10/', import.meta.url);

type Container = Record<'Config' | 'HostConfig' | 'NetworkSettings', Record<string, unknown>>;
type Network = Record<string, unknown>;

async function recorded<T>(name: string): Promise<T> {
  const [object] = JSON.parse(await readFile(new URL(`${name}.json`, RECORDED), 'utf8')) as T[];
  if (object === undefined) throw new Error(`${name} is empty`);
  return object;
}

/** A recorded container of a cluster, on a network. */
async function nodeOf(name: string, cluster: string, network: string): Promise<Container> {
  const { Config, HostConfig, ...rest } = await recorded<Container>('container');
  return {
    ...rest,
    ...{ Name: `/${name}` },
    Config: { ...Config, Labels: { 'io.x-k8s.kind.cluster': cluster } },
    HostConfig: { ...HostConfig, NetworkMode: network },
    NetworkSettings: { Networks: { [network]: {} } },
  };
}

async function networkOf(name: string, labels: Record<string, string>): Promise<Network> {
  return { ...(await recorded<Network>('network')), Name: name, Labels: labels };
}

/** An engine with these objects, which is asked by name. */
function engineOf(containers: readonly Container[], networks: readonly Network[]): ContainerClient {
  const engine = new ScriptedEngine((command) => {
    if (command.includes(' container ls '))
      return { stdout: containers.map((_, index) => `c${index}\n`).join('') };
    if (command.includes(' container inspect ')) return printed(...containers);
    const names = command.replace(/^.* network inspect /, '').split(' ');
    const found = networks.filter(({ Name }) => names.includes(String(Name)));
    const missing = names.filter((name) => !networks.some(({ Name }) => Name === name));
    return {
      ...printed(...found),
      ...(missing.length === 0 ? {} : { exitCode: 1, stderr: `Error: No such network: ${missing[0]}` }),
    };
  });
  return new ContainerClient(engine, 'docker');
}

const owned = async (containers: readonly Container[], networks: readonly Network[]): Promise<string[]> =>
  (await listClusterNodes(engineOf(containers, networks), CALL)).map(
    ({ name, runId }) => `${name} of ${runId}`,
  );

test('a node is of the run that the label of its network says', async (t) => {
  const node = await nodeOf('ts-k7f3q2-control-plane', 'ts-k7f3q2', 'ts-k7f3q2');
  const network = await networkOf('ts-k7f3q2', { 'twinstack.run': 'k7f3q2' });
  t.deepEqual(await owned([node], [network]), ['ts-k7f3q2-control-plane of k7f3q2']);
});

test("a cluster of somebody else's that is called like one of ours is on another network, and is not ours", async (t) => {
  const node = await nodeOf('ts-k7f3q2-control-plane', 'ts-k7f3q2', 'kind');
  const network = await networkOf('ts-k7f3q2', { 'twinstack.run': 'k7f3q2' });
  t.deepEqual(await owned([node], [network, await networkOf('kind', {})]), []);
});

test('a network of that name without our label makes no node ours', async (t) => {
  const node = await nodeOf('ts-k7f3q2-control-plane', 'ts-k7f3q2', 'ts-k7f3q2');
  t.deepEqual(await owned([node], [await networkOf('ts-k7f3q2', {})]), []);
});

test("a network with another run's label: the node is that run's", async (t) => {
  const node = await nodeOf('ts-k7f3q2-control-plane', 'ts-k7f3q2', 'ts-k7f3q2');
  const network = await networkOf('ts-k7f3q2', { 'twinstack.run': 'other1' });
  t.deepEqual(await owned([node], [network]), ['ts-k7f3q2-control-plane of other1']);
});

test('the network is gone: the name of the cluster tells, where it is one of ours', async (t) => {
  const ours = await nodeOf('ts-k7f3q2-worker', 'ts-k7f3q2', 'ts-k7f3q2');
  const theirs = await nodeOf('mine-worker', 'mine', 'mine');
  t.deepEqual(await owned([ours, theirs], []), ['ts-k7f3q2-worker of k7f3q2']);
});

test("two runs' nodes, and one of kind's own, are told apart", async (t) => {
  const nodes = await Promise.all([
    nodeOf('ts-aaaaaa-worker', 'ts-aaaaaa', 'ts-aaaaaa'),
    nodeOf('ts-bbbbbb-worker', 'ts-bbbbbb', 'ts-bbbbbb'),
    nodeOf('kind-worker', 'kind', 'kind'),
  ]);
  const networks = await Promise.all([
    networkOf('ts-aaaaaa', { 'twinstack.run': 'aaaaaa' }),
    networkOf('ts-bbbbbb', { 'twinstack.run': 'bbbbbb' }),
    networkOf('kind', {}),
  ]);
  t.deepEqual(await owned(nodes, networks), ['ts-aaaaaa-worker of aaaaaa', 'ts-bbbbbb-worker of bbbbbb']);
});

const specOf = (runId: string, files: ClusterSpec['files'] = []): ClusterSpec => ({
  kind: 'cluster',
  name: `ts-${runId}`,
  network: `ts-${runId}`,
  config: 'kind: Cluster\nnodes:\n- role: control-plane\n',
  nodes: [{ name: `ts-${runId}-control-plane`, role: 'control-plane' }],
  files,
});

/** kind, which writes a kubeconfig as it always does and then says this; no container is there. */
function kindThat(says: Said): ScriptedEngine {
  return new ScriptedEngine(async (command) => {
    const kubeconfig = / --kubeconfig (\S+)/.exec(command)?.[1];
    if (kubeconfig === undefined) return {};
    await writeFile(kubeconfig, 'a secret');
    return says;
  });
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

test('two runs at once share neither kubeconfig nor network nor cluster, and leave no kubeconfig', async (t) => {
  const state = temporaryDirectory(t);
  const engine = kindThat({});
  const client = new ContainerClient(engine, 'docker');
  const create = (runId: string): Promise<void> =>
    createCluster(
      { runner: engine, client, kind: '/cache/kind', directory: join(state, runId, 'kind') },
      specOf(runId),
      sampleOwner(runId),
      CALL,
    );
  await Promise.all([create('aaaaaa'), create('bbbbbb')]);
  const made = engine.calls.filter(({ command }) => command.startsWith('/cache/kind create'));
  t.deepEqual(
    made.map(({ command, options }) => [command, options.env?.['KIND_EXPERIMENTAL_DOCKER_NETWORK']]).sort(),
    ['aaaaaa', 'bbbbbb'].map((runId) => [
      `/cache/kind create cluster --name ts-${runId} --config - --kubeconfig ${join(state, runId, 'kind', 'kubeconfig')} --retain`,
      `ts-${runId}`,
    ]),
  );
  for (const runId of ['aaaaaa', 'bbbbbb']) t.false(await isThere(join(state, runId, 'kind', 'kubeconfig')));
});

test("kind's own error is told, and its kubeconfig goes all the same", async (t) => {
  const directory = join(temporaryDirectory(t), 'kind');
  const engine = kindThat({
    exitCode: 1,
    stderr:
      'Creating cluster "ts-k7f3q2" ...\nERROR: failed to create cluster: could not find a log line that matches "Reached target"\n\nStack Trace:\nmain.main\n',
  });
  const tools = { runner: engine, client: new ContainerClient(engine, 'docker'), kind: 'kind', directory };
  const creating = createCluster(tools, specOf('k7f3q2'), sampleOwner('k7f3q2'), CALL);
  const error = await t.throwsAsync(creating, { instanceOf: CommandError });
  t.is(
    error.message,
    'kind: failed to create cluster: could not find a log line that matches "Reached target"',
  );
  t.false(await isThere(join(directory, 'kubeconfig')));
});

test('a cluster of that name on another network keeps its nodes: kind is not started', async (t) => {
  const theirs = await nodeOf('ts-k7f3q2-control-plane', 'ts-k7f3q2', 'kind');
  const engine = new ScriptedEngine((command) => {
    if (command.includes(' container ls ')) return { stdout: 'c1\n' };
    return command.includes(' container inspect ') ? printed(theirs) : {};
  });
  const directory = join(temporaryDirectory(t), 'kind');
  const tools = { runner: engine, client: new ContainerClient(engine, 'docker'), kind: 'kind', directory };
  const creating = createCluster(tools, specOf('k7f3q2'), sampleOwner('k7f3q2'), CALL);
  const error = await t.throwsAsync(creating, { instanceOf: FailureError });
  t.regex(error.failure.message, /kind cluster ts-k7f3q2 exists and does not belong to run k7f3q2/);
  t.false(engine.commands.some((command) => command.startsWith('kind ')));
});

test('a cluster that is there with all of its nodes is not made twice', async (t) => {
  const ours = await nodeOf('ts-k7f3q2-control-plane', 'ts-k7f3q2', 'ts-k7f3q2');
  const network = await networkOf('ts-k7f3q2', { 'twinstack.run': 'k7f3q2' });
  const directory = join(temporaryDirectory(t), 'kind');
  const runner = new ScriptedEngine(() => ({}));
  const tools = { runner, client: engineOf([ours], [network]), kind: 'kind', directory };
  await createCluster(tools, specOf('k7f3q2'), sampleOwner('k7f3q2'), CALL);
  t.deepEqual(runner.commands, []);
});
