import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ClusterClient } from '../../../src/kubernetes/cluster-client.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { WaitTimeoutError } from '../../../src/run/wait-until.ts';
import { FakeApiServer, type ExecBehaviour } from '../../support/fake-api-server.ts';
import { never } from '../../support/never.ts';

const POD = { namespace: 'default', name: 'probe-x', container: 'probe' };
const source = (file: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../../src/${file}`, import.meta.url)));

for (const exitCode of [0, 7]) {
  test(`a program in a pod that ends with status ${exitCode} is a result`, async (t) => {
    const server = await FakeApiServer.start(t);
    server.exec = { kind: 'run', stdout: 'hello\n200', exitCode };
    const client = new ClusterClient(server.kubeconfig);
    const result = await client.execInPod(POD, ['curl'], { timeoutMs: 5000, signal: never() });
    t.like(result, { exitCode, stdout: 'hello\n200', stderr: '' });
  });
}

/** The deadline is short where it is what ends the call; a busy machine needs longer for an answer. */
const failures: { title: string; exec: ExecBehaviour; message: RegExp; timeoutMs: number }[] = [
  {
    title: 'a refused connection is an error that says so',
    exec: { kind: 'refuse', status: 403 },
    message: /no connection to pod probe-x: .*403/,
    timeoutMs: 20_000,
  },
  {
    title: 'a connection that closes without a status is no result',
    exec: { kind: 'drop' },
    message: /was closed before the program ended/,
    timeoutMs: 20_000,
  },
  {
    title: 'the deadline holds while connecting',
    exec: { kind: 'ignore' },
    message: /curl in pod probe-x did not end within 0\.3 s/,
    timeoutMs: 300,
  },
  {
    title: 'the deadline holds while the program runs',
    exec: { kind: 'hang' },
    message: /curl in pod probe-x did not end within 0\.3 s/,
    timeoutMs: 300,
  },
];
for (const { title, exec, message, timeoutMs } of failures) {
  test(title, async (t) => {
    const server = await FakeApiServer.start(t);
    server.exec = exec;
    const client = new ClusterClient(server.kubeconfig);
    await t.throwsAsync(client.execInPod(POD, ['curl'], { timeoutMs, signal: never() }), { message });
  });
}

test('an abort rejects with its reason', async (t) => {
  const server = await FakeApiServer.start(t);
  server.exec = { kind: 'hang' };
  const controller = new AbortController();
  const reason = new Error('enough');
  const client = new ClusterClient(server.kubeconfig);
  const call = client.execInPod(POD, ['curl'], { timeoutMs: 5000, signal: controller.signal });
  setImmediate(() => controller.abort(reason));
  t.is(await t.throwsAsync(call), reason);
});

test('an API server that never answers does not hold the wait for it', async (t) => {
  const server = await FakeApiServer.start(t);
  server.answers.set('GET /version/', 'silence');
  server.answers.set('GET /version', 'silence');
  const client = new ClusterClient(server.kubeconfig);
  const error = await t.throwsAsync(client.waitForApi({ timeoutMs: 200, signal: never() }), {
    instanceOf: WaitTimeoutError,
  });
  t.is(error?.condition, 'the API server answers');
});

test('the deadline of an apply names the object and what the API server said', async (t) => {
  const server = await FakeApiServer.start(t);
  const client = new ClusterClient(server.kubeconfig);
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: default }\n';
  const error = await t.throwsAsync(client.apply(manifest, { timeoutMs: 2000, signal: never() }), {
    instanceOf: WaitTimeoutError,
  });
  t.regex(error?.message ?? '', /the API server accepts ConfigMap settings \(last seen: .+\)/);
});

test('nothing keeps the process alive once everything was asked', async (t) => {
  const server = await FakeApiServer.start(t);
  server.setList('/api/v1/nodes', [{ metadata: { name: 'a', resourceVersion: '1' } }]);
  server.exec = { kind: 'run', stdout: '', exitCode: 0 };
  const script = `
    import { ClusterClient } from ${source('kubernetes/cluster-client.ts')};
    import { watchUntil } from ${source('kubernetes/watch-list.ts')};
    const client = new ClusterClient(process.env.TEST_KUBECONFIG);
    const call = { timeoutMs: 60000, signal: new AbortController().signal };
    const list = () => client.core.listNode();
    const options = { config: client.config, path: '/api/v1/nodes', list, condition: 'a node', ...call };
    await watchUntil(options, (nodes) => nodes.length > 0 ? { met: true, value: 1 } : { met: false, missing: '' });
    await client.execInPod(${JSON.stringify(POD)}, ['true'], call);
    const done = performance.now();
    process.on('exit', () => console.log(performance.now() - done));`;
  const { stdout } = await new HostCommandRunner().run(
    process.execPath,
    ['--import=tsx', '--input-type=module', '-e', script],
    { timeoutMs: 30_000, signal: never(), env: { TEST_KUBECONFIG: server.kubeconfig } },
  );
  t.true(Number(stdout) < 2000, `the process lived ${stdout} ms longer`);
});
