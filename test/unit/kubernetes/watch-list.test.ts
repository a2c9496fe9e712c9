import type { V1Node } from '@kubernetes/client-node';
import test, { type ExecutionContext } from 'ava';
import { ClusterClient } from '../../../src/kubernetes/cluster-client.ts';
import { watchUntil } from '../../../src/kubernetes/watch-list.ts';
import { WaitTimeoutError, waitUntil, type Look } from '../../../src/run/wait-until.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { never } from '../../support/never.ts';

const NODES = '/api/v1/nodes';

function node(name: string): V1Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, resourceVersion: name } };
}

interface Options {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Waits until there are that many nodes. */
function nodesAre(server: FakeApiServer, count: number, options: Options = {}): Promise<string[]> {
  const { config, core } = new ClusterClient(server.kubeconfig);
  const rest = { timeoutMs: 10_000, signal: never(), ...options };
  return watchUntil<V1Node, string[]>(
    { config, path: NODES, list: () => core.listNode(), condition: `there are ${count} nodes`, ...rest },
    (nodes): Look<string[]> =>
      nodes.length >= count
        ? { met: true, value: nodes.map(({ metadata }) => metadata?.name ?? '') }
        : { met: false, missing: `${nodes.length} nodes` },
  );
}

async function reached(t: ExecutionContext, condition: string, met: () => boolean): Promise<void> {
  await waitUntil(
    () =>
      Promise.resolve<Look<null>>(met() ? { met: true, value: null } : { met: false, missing: 'not yet' }),
    { condition, timeoutMs: 5000, intervalMs: 5, signal: never() },
  );
  t.pass();
}

test('a list that meets the condition is enough, and leaves no watch open', async (t) => {
  const server = await FakeApiServer.start(t);
  server.setList(NODES, [node('a')]);
  t.deepEqual(await nodesAre(server, 1), ['a']);
  await reached(t, 'no watch is open', () => server.openWatches === 0);
});

test('an event that meets the condition ends the watch for good', async (t) => {
  const server = await FakeApiServer.start(t);
  server.setList(NODES, [node('a')]);
  const waiting = nodesAre(server, 2);
  await reached(t, 'the watch is open', () => server.openWatches === 1);
  server.send('ADDED', node('b'));
  t.deepEqual(await waiting, ['a', 'b']);
  await reached(t, 'no watch is open', () => server.openWatches === 0);
  // A watch that is taken up again does it after a fifth of a second; another wait of that length passes here.
  await t.throwsAsync(nodesAre(server, 9, { timeoutMs: 400 }), { instanceOf: WaitTimeoutError });
  await reached(t, 'no watch is open', () => server.openWatches === 0);
  t.is(server.requests.filter((request) => request === `WATCH ${NODES}`).length, 2);
});

test('a broken watch is taken up again', async (t) => {
  const server = await FakeApiServer.start(t);
  server.setList(NODES, []);
  const waiting = nodesAre(server, 1);
  await reached(t, 'the watch is open', () => server.openWatches === 1);
  server.breakWatches();
  await reached(t, 'another watch is open', () => server.requests.length > 2 && server.openWatches === 1);
  server.send('ADDED', node('a'));
  t.deepEqual(await waiting, ['a']);
});

test('an API server that refuses the list is asked again', async (t) => {
  const server = await FakeApiServer.start(t);
  server.answers.set(`GET ${NODES}`, { status: 503, body: { message: 'starting' } });
  const waiting = nodesAre(server, 1);
  await reached(t, 'it was asked', () => server.requests.length > 0);
  server.answers.clear();
  server.setList(NODES, [node('a')]);
  t.deepEqual(await waiting, ['a']);
});

test('the deadline names the condition and what was seen last', async (t) => {
  const server = await FakeApiServer.start(t);
  server.setList(NODES, [node('a')]);
  const error = await t.throwsAsync(nodesAre(server, 2, { timeoutMs: 2000 }), {
    instanceOf: WaitTimeoutError,
  });
  t.is(error?.message, 'not met within 2 s: there are 2 nodes (last seen: 1 nodes)');
});

test('the deadline holds against a server that never answers', async (t) => {
  const server = await FakeApiServer.start(t);
  server.answers.set(`GET ${NODES}`, 'silence');
  await t.throwsAsync(nodesAre(server, 1, { timeoutMs: 100 }), { instanceOf: WaitTimeoutError });
});

test('an abort rejects with its reason and closes the watch', async (t) => {
  const server = await FakeApiServer.start(t);
  server.setList(NODES, []);
  const controller = new AbortController();
  const waiting = nodesAre(server, 1, { signal: controller.signal });
  await reached(t, 'the watch is open', () => server.openWatches === 1);
  const reason = new Error('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(waiting), reason);
  await reached(t, 'no watch is open', () => server.openWatches === 0);
});
