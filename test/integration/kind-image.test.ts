import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { useContainerDocker, type ContainerDocker } from './container-docker.ts';
import { dockerIsHere, forwardChains } from './docker-daemon.ts';
import { runEntry, ROOT } from '../support/run-entry.ts';
import { never } from '../support/never.ts';
import { directoriesOf } from '../../src/host/directories.ts';
import { CACHE_LABEL } from '../../src/images/cache-label.ts';
import { ensureKind } from '../../src/images/ensure-kind.ts';
import { renderTemplate } from '../../src/plan/render-template.ts';
import { HostCommandRunner } from '../../src/process/host-command-runner.ts';
import { waitUntil, type Look } from '../../src/run/wait-until.ts';
import { newRunId } from '../../src/run/run-identity.ts';
import type { KindImage } from '../../src/images/node-image.ts';

const BUILD_TIMEOUT_MS = 60 * 60_000;
const CLUSTER_TIMEOUT_MS = 300_000;
const COMMAND_TIMEOUT_MS = 90_000;

const inCI = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
const isRoot = process.getuid?.() === 0;
const able = isRoot && (await dockerIsHere(inCI));
if (!able) {
  const why = isRoot ? 'dockerd is not installed' : 'only root can start a Docker daemon';
  process.stderr.write(`\nNO DOCKER HERE: the tests of the node image for kind are SKIPPED: ${why}.\n\n`);
}
const test = (able || (inCI && isRoot) ? anyTest.serial : anyTest.serial.skip) as TestFn;

/** What all tests of this file share. */
interface Bench {
  readonly docker: ContainerDocker;
  readonly image: KindImage;
  readonly kind: string;
  readonly folder: string;
}
let bench: Bench | null = null;
let docker: ContainerDocker | null = null;
let chains: readonly string[] = [];

anyTest.before(async (t) => {
  if (!able && !(inCI && isRoot)) return;
  t.timeout(BUILD_TIMEOUT_MS);
  chains = await forwardChains();
  docker = await useContainerDocker();
  const folder = await mkdtemp(join(tmpdir(), 'twinstack-kind-'));
  const { stdout, stderr, status } = await runEntry(['image', 'build', '--for', 'kind', '--json']);
  if (status !== 0) throw new Error(stderr);
  const image = JSON.parse(stdout) as KindImage;
  const { file: kind } = await ensureKind({
    cacheDir: directoriesOf(process.env).cache,
    runner: new HostCommandRunner(),
    signal: never(),
    timeoutMs: BUILD_TIMEOUT_MS,
    onProgress: () => undefined,
    environment: process.env,
  });
  bench = { docker, image, kind, folder };
  await run(t, 'docker', 'load', '--quiet', '--input', image.archiveFile);
});

anyTest.after.always(async (t) => {
  // Also after a set-up that failed half-way.
  await docker?.stop();
  if (bench !== null) await rm(bench.folder, { recursive: true, force: true });
  if (docker?.ours === true) t.deepEqual(await forwardChains(), chains);
});

function here(): Bench {
  if (bench === null) throw new Error('there is no Docker');
  return bench;
}

async function run(t: { log: ExecutionContext['log'] }, file: string, ...args: string[]): Promise<string> {
  const { docker, folder } = here();
  const { stdout, stderr, exitCode } = await execa(file, args, {
    env: { DOCKER_HOST: docker.host, KUBECONFIG: join(folder, 'kubeconfig') },
    stdin: 'ignore',
    reject: false,
    timeout: CLUSTER_TIMEOUT_MS,
  });
  if (exitCode !== 0) {
    t.log(stdout.split('\n').slice(-30).join('\n'), stderr.split('\n').slice(-30).join('\n'));
    throw new Error(`${file} ${args.slice(0, 4).join(' ')} ended with ${exitCode ?? 'a signal'}`);
  }
  return stdout;
}

/** A cluster of kind's, on a network of its own, that is gone after the test. */
interface Cluster {
  readonly nodes: readonly string[];
  kubectl(...args: string[]): Promise<string>;
  apply(manifest: string): Promise<void>;
  curl(node: string, address: string): Promise<string>;
  /** In each family, this host on the cluster's network and the first node there. */
  wayOut(): Promise<{ gateway: string; address: string }[]>;
  /** Names of the volumes that its nodes have. */
  volumes(): Promise<string[]>;
  remove(): Promise<void>;
}

async function createCluster(t: ExecutionContext, workers: number, kubeProxyMode: string): Promise<Cluster> {
  const { docker, image, kind, folder } = here();
  const name = `ts-${newRunId()}`;
  const config = join(folder, `${name}.yaml`);
  const roles = ['control-plane', ...Array<string>(workers).fill('worker')];
  const content = {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: { ipFamily: 'dual', kubeProxyMode },
    nodes: roles.map((role) => ({ role })),
  };
  await writeFile(config, stringify(content));
  const subnet = `fd00:${name
    .slice(-4)
    .split('')
    .map((letter) => (letter.charCodeAt(0) % 16).toString(16))
    .join('')}::/64`;
  await run(t, 'docker', 'network', 'create', '--ipv6', '--subnet', subnet, name);
  let removed = false;
  const remove = async (): Promise<void> => {
    if (removed) return;
    removed = true;
    await run(t, kind, 'delete', 'cluster', '--name', name);
    await run(t, 'docker', 'network', 'rm', name);
  };
  t.teardown(remove);
  const env = {
    DOCKER_HOST: docker.host,
    KIND_EXPERIMENTAL_DOCKER_NETWORK: name,
    KUBECONFIG: join(folder, 'kubeconfig'),
  };
  const created = await execa(
    kind,
    ['create', 'cluster', '--name', name, '--config', config, '--image', image.reference],
    { env, stdin: 'ignore', reject: false, timeout: CLUSTER_TIMEOUT_MS, all: true },
  );
  t.is(created.exitCode, 0, created.all);
  const first = `${name}-control-plane`;
  const kubectl = (...args: string[]): Promise<string> =>
    run(t, 'docker', 'exec', first, 'kubectl', `--request-timeout=${COMMAND_TIMEOUT_MS / 1000}s`, ...args);
  const nodes = roles.map((role) => `${name}-${role}`);
  await kubectl('wait', '--for=create', 'serviceaccount/default', `--timeout=${COMMAND_TIMEOUT_MS / 1000}s`);
  return {
    nodes,
    remove,
    wayOut: async () => {
      const format = `--format={{json (index .NetworkSettings.Networks "${name}")}}`;
      const end = JSON.parse(await run(t, 'docker', 'inspect', format, first)) as Record<string, string>;
      return [
        { gateway: end['Gateway'] ?? '', address: end['IPAddress'] ?? '' },
        { gateway: end['IPv6Gateway'] ?? '', address: end['GlobalIPv6Address'] ?? '' },
      ];
    },
    volumes: async () => {
      const mounts = '--format={{range .Mounts}}{{.Name}} {{end}}';
      return (await run(t, 'docker', 'inspect', mounts, ...nodes))
        .split(/\s+/)
        .filter((volume) => volume !== '');
    },
    kubectl,
    apply: async (manifest) => {
      await execa('docker', ['exec', '--interactive', first, 'kubectl', 'apply', '--filename=-'], {
        env: { DOCKER_HOST: docker.host },
        input: manifest,
        timeout: COMMAND_TIMEOUT_MS,
      });
    },
    // kube-proxy hears of a pod that is ready a moment after everybody else.
    curl: (node, address) =>
      waitUntil(
        async (): Promise<Look<string>> => {
          const { stdout, stderr, failed } = await execa(
            'docker',
            [
              'exec',
              node,
              'curl',
              '--silent',
              '--show-error',
              '--globoff',
              '--max-time',
              '5',
              urlOf(address),
            ],
            { env: { DOCKER_HOST: docker.host }, stdin: 'ignore', reject: false },
          );
          return failed || stdout === '' ? { met: false, missing: stderr } : { met: true, value: stdout };
        },
        {
          condition: `${address} answers ${node}`,
          timeoutMs: COMMAND_TIMEOUT_MS,
          intervalMs: 200,
          signal: never(),
        },
      ),
  };
}

function urlOf(address: string, port = 80): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/`;
}

/** A server on this host that says who asked. @returns its port. */
async function listen(t: ExecutionContext): Promise<number> {
  const server = createServer(({ socket }, response) => {
    response.end((socket.remoteAddress ?? '').replace('::ffff:', ''));
  });
  t.teardown(() => server.close());
  await once(server.listen(0, '::'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** Starts nginxdualstack on the last node and a pod that asks on the first one. @returns the Service's and the pods' addresses. */
async function startPods(
  { nodes, kubectl, apply }: Cluster,
  { images }: KindImage,
): Promise<{ services: string[]; server: string[]; client: string[] }> {
  const values = new Map([
    ['image.nginxdualstack', images.nginxdualstack],
    ['service.ipFamilyPolicy', 'RequireDualStack'],
    ['service.ipFamilies', '[IPv4, IPv6]'],
  ]);
  const manifest = await readFile(join(ROOT, 'templates/manifests/nginxdualstack.yaml'), 'utf8');
  await apply(renderTemplate(manifest, values));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe' },
    spec: {
      nodeName: nodes[0],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'probe', image: images.probe, imagePullPolicy: 'Never' }],
    },
  };
  await apply(stringify(pod));
  const wait = `--timeout=${COMMAND_TIMEOUT_MS / 1000}s`;
  await kubectl('rollout', 'status', 'deployment/nginxdualstack', wait);
  await kubectl('wait', '--for=condition=Ready', 'pod/probe', wait);
  const list = async (path: string, ...what: string[]): Promise<string[]> =>
    (await kubectl('get', ...what, `--output=jsonpath=${path}`)).split(' ');
  return {
    services: await list('{.spec.clusterIPs[*]}', 'service', 'nginx-dualstack'),
    server: await list('{.items[0].status.podIPs[*].ip}', 'pods', '--selector=run=nginxdualstack'),
    client: await list('{.status.podIPs[*].ip}', 'pod', 'probe'),
  };
}

const EXPECTED_BODY = /^Kubernetes dual-stack nginx host=\S+ client=(\S+) /;

test('two nodes of kind are dual-stack: both ClusterIPs from both, pods see each other across nodes, and nothing is left', async (t) => {
  const { image, kind } = here();
  const labels = await run(
    t,
    'docker',
    'image',
    'inspect',
    `--format={{index .Config.Labels "${CACHE_LABEL}"}}`,
    image.reference,
  );
  t.is(labels.trim(), image.key);
  const cluster = await createCluster(t, 1, 'nftables');
  const { nodes, kubectl, curl } = cluster;
  const wait = `--timeout=${COMMAND_TIMEOUT_MS / 1000}s`;
  await kubectl('wait', '--for=condition=Ready', 'nodes', '--all', wait);
  await kubectl('--namespace=kube-system', 'rollout', 'status', 'deployment/coredns', wait);
  const { services, server, client } = await startPods(cluster, image);
  t.deepEqual(
    [services, server, client].map(({ length }) => length),
    [2, 2, 2],
  );
  for (const address of services) {
    for (const node of nodes) t.regex(await curl(node, address), EXPECTED_BODY, `${address} from ${node}`);
  }
  const ask = (address: string, port = 80): Promise<string> =>
    kubectl('exec', 'probe', '--', 'curl', '--silent', '--globoff', '--max-time', '10', urlOf(address, port));
  for (const [index, address] of server.entries()) {
    // On the other node, and no NAT between: the server sees the pod, also through the Service.
    t.is(EXPECTED_BODY.exec(await ask(address))?.[1], client[index]);
    t.is(EXPECTED_BODY.exec(await ask(services[index] ?? ''))?.[1], client[index]);
  }
  const named = await kubectl(
    'exec',
    'probe',
    '--',
    'getent',
    'ahosts',
    'nginx-dualstack.default.svc.cluster.local',
  );
  for (const address of services) t.true(named.includes(address), named);
  // What leaves the cluster has the node's address: no machine outside has a way back to a pod.
  const port = await listen(t);
  for (const { gateway, address } of await cluster.wayOut()) t.is(await ask(gateway, port), address);
  const restarts = await kubectl(
    'get',
    'pods',
    '--all-namespaces',
    '--output=jsonpath={.items[*].status.containerStatuses[*].restartCount}',
  );
  t.regex(restarts, /^0( 0)*$/, 'no container of the cluster crashed');
  // The agent knows a node that is gone by its route.
  const routes = (family: string): Promise<string> =>
    run(
      t,
      'docker',
      'exec',
      nodes[0] ?? '',
      'ip',
      family,
      'route',
      'show',
      'proto',
      '117',
      'type',
      'unicast',
    );
  for (const family of ['-4', '-6']) t.regex(await routes(family), / via /);
  await kubectl('delete', 'node', nodes[1] ?? '');
  for (const family of ['-4', '-6']) {
    const look = async (): Promise<Look<null>> => {
      const there = (await routes(family)).trim();
      return there === '' ? { met: true, value: null } : { met: false, missing: `there is ${there}` };
    };
    const condition = `there is no ${family} route to a node that is gone`;
    await waitUntil(look, { condition, timeoutMs: 15_000, intervalMs: 200, signal: never() });
  }
  const volumes = await cluster.volumes();
  t.is(volumes.length, nodes.length);
  await cluster.remove();
  t.false(
    (await run(t, kind, 'get', 'clusters'))
      .split('\n')
      .some((name) => nodes[0]?.startsWith(name) === true && name !== ''),
  );
  const left = await run(t, 'docker', 'ps', '--all', '--format={{.Names}}');
  t.deepEqual(
    left.split('\n').filter((name) => nodes.includes(name)),
    [],
  );
  const kept = (await run(t, 'docker', 'volume', 'ls', '--quiet')).split('\n');
  t.deepEqual(
    kept.filter((volume) => volumes.includes(volume)),
    [],
  );
});

test("one node of kind is dual-stack with kube-proxy's iptables mode", async (t) => {
  const cluster = await createCluster(t, 0, 'iptables');
  const { services } = await startPods(cluster, here().image);
  for (const address of services) t.regex(await cluster.curl(cluster.nodes[0] ?? '', address), EXPECTED_BODY);
});
