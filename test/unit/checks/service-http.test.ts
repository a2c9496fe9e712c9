import test, { type ExecutionContext } from 'ava';
import { runCheck } from '../../../src/checks/run-check.ts';
import { curlArguments } from '../../../src/checks/curl-from.ts';
import { readCurlOutput } from '../../../src/checks/service-http.ts';
import { checkContext } from '../../support/check-context.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import type { CheckResult } from '../../../src/checks/check.ts';
import type { PlannedCheck, RequestOrigin } from '../../../src/checks/planned-check.ts';
import type { Program } from '../../support/in-memory-node.ts';

type Answer = Awaited<ReturnType<Program>>;

const SERVICE = '/api/v1/namespaces/default/services/nginx-dualstack';
const PODS = '/api/v1/namespaces/default/pods';
const BODY = '<h1>Kubernetes dual-stack nginx</h1> client=fd01::5';

for (const { title, output, read } of [
  {
    title: 'an answer',
    output: { exitCode: 0, stdout: 'hello client=10.1.0.5 port=1\n\n200', stderr: '' },
    read: { status: 200, body: 'hello client=10.1.0.5 port=1', error: null, clientAddress: '10.1.0.5' },
  },
  {
    title: 'an answer without a body',
    output: { exitCode: 0, stdout: '\n503', stderr: '' },
    read: { status: 503, body: '', error: null, clientAddress: null },
  },
  {
    title: 'no answer',
    output: { exitCode: 28, stdout: '\n000', stderr: 'curl: (28) Connection timed out\n' },
    read: { status: null, body: '', error: 'curl: (28) Connection timed out', clientAddress: null },
  },
  {
    title: 'no words either',
    output: { exitCode: 127, stdout: '', stderr: '' },
    read: { status: null, body: '', error: 'curl ended with status 127', clientAddress: null },
  },
]) {
  test(`reads what curl printed: ${title}`, (t) => t.deepEqual(readCurlOutput(output), read));
}

test('curl takes the brackets of an IPv6 address as they are, and no proxy', (t) => {
  const args = curlArguments('http://[fd98::eaf0]/');
  t.true(args.includes('--globoff'));
  t.is(args[args.indexOf('--noproxy') + 1], '*');
  t.is(args.at(-1), 'http://[fd98::eaf0]/');
});

async function serverWith(t: ExecutionContext, clusterIPs: string[]): Promise<FakeApiServer> {
  const server = await FakeApiServer.start(t);
  server.answers.set(`GET ${SERVICE}`, { status: 200, body: { spec: { clusterIPs } } });
  const podIPs = [{ ip: '10.1.0.5' }, { ip: 'fd01::5' }];
  server.setList(PODS, [{ metadata: { name: 'twinstack-probe-x' }, status: { podIPs } }]);
  return server;
}

function ask(
  server: FakeApiServer,
  from: RequestOrigin,
  answer: Answer,
  more: { readonly tellsClient?: boolean } = {},
): Promise<CheckResult> {
  const check: PlannedCheck = {
    type: 'service-http',
    id: 'service/nginx-dualstack/ipv6/from-node',
    // A check that fails is tried all this time, and the first look of a busy machine takes a while.
    timeoutMs: 1500,
    namespace: 'default',
    service: 'nginx-dualstack',
    family: 'IPv6',
    from,
    expectBody: 'Kubernetes dual-stack nginx',
    ...more,
  };
  return runCheck(
    check,
    checkContext(server, () => Promise.resolve(answer)),
  );
}

const NODE: RequestOrigin = { kind: 'node', node: 'a' };
const POD: RequestOrigin = { kind: 'pod', node: 'a' };
const BOTH = ['10.152.183.20', 'fd98::eaf0'];

test('200 and the expected body pass, with what was seen', async (t) => {
  const result = await ask(await serverWith(t, BOTH), NODE, { stdout: `${BODY}\n200` });
  t.like(result, { outcome: 'passed', reason: null, attempts: 1 });
  t.like(result.evidence, { url: 'http://[fd98::eaf0]/', status: 200, clientAddress: 'fd01::5', from: 'a' });
});

for (const { title, answer, reason } of [
  {
    title: "IPv6 that is not there fails with curl's own words",
    answer: { exitCode: 7, stdout: '\n000', stderr: 'curl: (7) Failed to connect to fd98::eaf0 port 80' },
    reason: /^curl: \(7\) Failed to connect to fd98::eaf0 port 80$/,
  },
  {
    title: 'a wrong status fails',
    answer: { stdout: `${BODY}\n502` },
    reason: /answered with status 502, not 200/,
  },
  {
    title: 'a wrong body fails though the status is right',
    answer: { stdout: 'Welcome to nginx!\n200' },
    reason: /does not contain "Kubernetes dual-stack nginx"/,
  },
]) {
  test(title, async (t) => {
    const result = await ask(await serverWith(t, BOTH), NODE, answer);
    t.is(result.outcome, 'failed');
    t.regex(result.reason ?? '', reason);
    t.true(result.attempts > 1, 'it was tried until the deadline');
  });
}

test('a Service without an address of the family fails, and says so', async (t) => {
  const result = await ask(await serverWith(t, ['10.152.183.20']), NODE, { stdout: `${BODY}\n200` });
  t.like(result, { outcome: 'failed', reason: 'service nginx-dualstack has no IPv6 ClusterIP' });
});

for (const { title, seen, outcome } of [
  { title: "the server sees the pod's own address", seen: 'fd01::5', outcome: 'passed' },
  { title: 'NAT between pods', seen: '2001:db8:88::11', outcome: 'failed' },
]) {
  test(`from a pod: ${title}: ${outcome}`, async (t) => {
    const server = await serverWith(t, BOTH);
    const stdout = `Kubernetes dual-stack nginx client=${seen}\n200`;
    server.exec = { kind: 'run', stdout, exitCode: 0 };
    const result = await ask(server, POD, {});
    t.is(result.outcome, outcome as CheckResult['outcome']);
    if (outcome === 'failed') t.regex(result.reason ?? '', /2001:db8:88::11.*fd01::5: NAT between pods/);
  });
}

test('without a probe on the node nothing is proved', async (t) => {
  const server = await serverWith(t, BOTH);
  server.setList(PODS, []);
  t.like(await ask(server, POD, {}), { outcome: 'failed', reason: 'no probe pod on a' });
});

test('an API server that does not answer fails the check at its own deadline', async (t) => {
  const server = await serverWith(t, BOTH);
  server.answers.set(`GET ${SERVICE}`, 'silence');
  t.like(await ask(server, NODE, {}), { outcome: 'failed', reason: 'no attempt came to an end' });
});

test('a page that need not say who asked passes without, and never with the address of somebody else', async (t) => {
  const server = await serverWith(t, BOTH);
  const page = (text: string): void => {
    server.exec = { kind: 'run', stdout: `Kubernetes dual-stack nginx ${text}\n200`, exitCode: 0 };
  };
  page('');
  t.is((await ask(server, POD, {})).outcome, 'failed');
  t.like(await ask(server, POD, {}, { tellsClient: false }), { outcome: 'passed' });
  page('client=fd01::1');
  const result = await ask(server, POD, {}, { tellsClient: false });
  t.is(result.outcome, 'failed');
  t.regex(result.reason ?? '', /NAT between pods/);
});
