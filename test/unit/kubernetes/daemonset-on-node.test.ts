import type { V1ContainerState, V1Pod } from '@kubernetes/client-node';
import test, { type ExecutionContext } from 'ava';
import { ClusterClient } from '../../../src/kubernetes/cluster-client.ts';
import { waitForDaemonPod } from '../../../src/kubernetes/daemonset-on-node.ts';
import { WaitTimeoutError } from '../../../src/run/wait-until.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { never } from '../../support/never.ts';

const PODS = '/api/v1/namespaces/net/pods';
const CONDITION = { type: 'daemonset-on-node', namespace: 'net', name: 'way', node: 'node-1' } as const;
const ENDED = { exitCode: 7 };

interface PodChange {
  readonly node?: string;
  readonly owner?: string;
  readonly ready?: boolean;
  readonly state?: V1ContainerState;
  readonly lastState?: V1ContainerState;
  readonly restartCount?: number;
}

function pod(name: string, change: PodChange = {}): V1Pod {
  const { node = 'node-1', owner = 'way', ready = false, state, lastState, restartCount = 0 } = change;
  const container = { name: 'main', ready, restartCount, image: 'x', imageID: 'x' };
  const states = {
    ...(state === undefined ? {} : { state }),
    ...(lastState === undefined ? {} : { lastState }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'net',
      resourceVersion: '1',
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: owner, uid: 'u' }],
    },
    spec: { nodeName: node, containers: [] },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ ...container, ...states }],
    },
  };
}

async function waitFor(
  t: ExecutionContext,
  pods: V1Pod[],
  timeoutMs = 300,
  log: string | null = null,
): Promise<WaitTimeoutError | null> {
  const server = await FakeApiServer.start(t);
  server.setList(PODS, pods);
  if (log !== null) server.answers.set(`GET ${PODS}/a/log`, { status: 200, body: log });
  const cluster = new ClusterClient(server.kubeconfig);
  try {
    await waitForDaemonPod(cluster, CONDITION, { timeoutMs, signal: never() });
    return null;
  } catch (error) {
    if (error instanceof WaitTimeoutError) return error;
    throw error;
  }
}

test('a ready pod on the node is enough, whatever those of other nodes do', async (t) => {
  const state = { waiting: { reason: 'ErrImageNeverPull' } };
  t.is(await waitFor(t, [pod('b', { node: 'node-2', state }), pod('a', { ready: true })]), null);
});

test('a ready pod of another node or of another DaemonSet is none', async (t) => {
  const others = [pod('a', { ready: true, node: 'node-2' }), pod('b', { ready: true, owner: 'other' })];
  const error = await waitFor(t, others);
  t.regex(error?.message ?? '', /DaemonSet net\/way is ready on node-1 \(last seen: it has no pod there\)/);
});

test('an image that may not be pulled ends the wait at once, with what the kubelet says', async (t) => {
  const waiting = { reason: 'ErrImageNeverPull', message: 'Container image "x" is not present' };
  const error = await waitFor(t, [pod('a', { state: { waiting } })], 60_000);
  t.regex(
    error?.message ?? '',
    /pod a: container main is ErrImageNeverPull \(Container image "x" is not present\)\)$/,
  );
});

test('an image that can be pulled later is waited for', async (t) => {
  const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' };
  const error = await waitFor(t, [pod('a', { state: { waiting } })]);
  t.regex(error?.message ?? '', /^not met within 0\.3\d* s: .*container main is ImagePullBackOff \(Back-off/);
});

test('a program that ended three times ends the wait, with its status and what it printed last', async (t) => {
  const crash = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: ENDED } };
  const error = await waitFor(t, [pod('a', { ...crash, restartCount: 2 })], 60_000, 'one\ntwo');
  t.regex(
    error?.message ?? '',
    /container main is CrashLoopBackOff, ended 3 times, last with status 7; it printed:/,
  );
  t.regex(error?.message ?? '', /one[^]*two/);
});

test('one that ended twice has the rest of the time, and then it is told as well', async (t) => {
  const crash = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: ENDED } };
  const error = await waitFor(t, [pod('a', { ...crash, restartCount: 1 })], 300, 'one');
  t.regex(error?.message ?? '', /^not met within 0\.\d+ s: .*ended 2 times, last with status 7; it printed:/);
});

test('a pod whose log nobody can tell is named all the same', async (t) => {
  const error = await waitFor(t, [pod('a', { state: { running: {} } })]);
  t.regex(error?.message ?? '', /container main is running, and not ready\)$/);
});
