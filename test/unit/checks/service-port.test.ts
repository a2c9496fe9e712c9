import test from 'ava';
import { checkServicePort } from '../../../src/checks/service-port.ts';
import { checkContext } from '../../support/check-context.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';

interface Case {
  readonly http?: boolean;
  readonly stdout: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

const cases: [string, Case, boolean, RegExp | null][] = [
  [
    'a connection is enough',
    { stdout: '\n000 0.000213', exitCode: 1, stderr: 'curl: (1) HTTP/0.9' },
    true,
    null,
  ],
  ['a port that speaks HTTP answers', { http: true, stdout: 'hi\n404 0.000213' }, true, null],
  ['up to 499', { http: true, stdout: '\n499 0.000213' }, true, null],
  ['a server error is none', { http: true, stdout: '\n500 0.000213' }, false, /answered with status 500$/],
  ['a server error on a port of another kind is', { stdout: '\n500 0.000213' }, true, null],
  [
    'a port that says HTTP and speaks another language',
    { http: true, stdout: '\n000 0.000213', exitCode: 1, stderr: 'curl: (1) HTTP/0.9' },
    false,
    /took the connection, but: curl: \(1\)/,
  ],
  [
    'no connection',
    { stdout: '\n000 0.000000', exitCode: 7, stderr: 'curl: (7) refused' },
    false,
    /^curl: \(7\) refused$/,
  ],
];

for (const [name, { http = false, exitCode = 0, stdout, stderr = '' }, ok, reason] of cases) {
  test(name, async (t) => {
    const server = await FakeApiServer.start(t);
    const body = { spec: { clusterIPs: ['10.0.0.1', 'fd98::1'] } };
    server.answers.set('GET /api/v1/namespaces/shop/services/web', { status: 200, body });
    const asked: string[] = [];
    const context = checkContext(server, ({ args }) => {
      asked.push(args.at(-1) ?? '');
      return Promise.resolve({ exitCode, stdout, stderr });
    });
    const seen = await checkServicePort(
      {
        type: 'service-port',
        id: 'service/web.shop/ipv6/from-node',
        timeoutMs: 1000,
        namespace: 'shop',
        service: 'web',
        family: 'IPv6',
        from: { kind: 'node', node: 'a' },
        port: 8080,
        http,
      },
      context,
    );
    t.deepEqual(asked, ['http://[fd98::1]:8080/']);
    t.is(seen.ok, ok, seen.reason ?? '');
    if (reason !== null) t.regex(seen.reason ?? '', reason);
  });
}
