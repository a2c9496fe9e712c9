import test from 'ava';
import { runCheck } from '../../../src/checks/run-check.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { checkContext } from '../../support/check-context.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { never } from '../../support/never.ts';
import type { PlannedCheck } from '../../../src/checks/planned-check.ts';
import type { Program } from '../../support/in-memory-node.ts';

const CHECK: PlannedCheck = {
  type: 'egress-blocked',
  id: 'egress/lab/ipv4/blocked',
  timeoutMs: 20_000,
  node: 'a',
  family: 'IPv4',
  gateway: '127.0.0.1',
};

/** A node that is this host: it reaches whatever the host reaches, with Node.js in the place of curl. */
const reaches: Program = ({ args }) => {
  const script = `require('http').get(process.argv[1], (r) => { r.resume(); r.on('end', () => process.stdout.write('\\n' + r.statusCode)); })`;
  const options = { timeoutMs: 5000, signal: never() };
  return new HostCommandRunner().run(process.execPath, ['-e', script, args.at(-1) ?? ''], options);
};
const ends =
  (exitCode: number, stderr: string): Program =>
  () =>
    Promise.resolve({ exitCode, stdout: '\n000', stderr });

for (const { title, program, outcome, reason } of [
  {
    title: 'a node that reaches the listener',
    program: reaches,
    outcome: 'failed',
    reason: /a reached http:\/\/127\.0\.0\.1:\d+\/, which is outside the lab/,
  },
  { title: 'refused', program: ends(7, 'curl: (7) refused'), outcome: 'passed', reason: /^$/ },
  { title: 'no answer', program: ends(28, 'curl: (28) timed out'), outcome: 'passed', reason: /^$/ },
  {
    title: 'no curl: nothing was tried, nothing is proved',
    program: ends(127, 'curl: not found'),
    outcome: 'failed',
    reason: /curl could not try: curl: not found/,
  },
  {
    title: 'another failure of curl proves nothing',
    program: ends(6, 'curl: (6) no host'),
    outcome: 'failed',
    reason: /curl could not try/,
  },
] as const) {
  test(`${title}: ${outcome}`, async (t) => {
    const server = await FakeApiServer.start(t);
    // A failed check asks again until its deadline, so a short one keeps the test short; a busy machine needs room for one answer.
    const timeoutMs = outcome === 'passed' ? CHECK.timeoutMs : 4000;
    const result = await runCheck({ ...CHECK, timeoutMs }, checkContext(server, program));
    t.is(result.outcome, outcome);
    t.regex(result.reason ?? '', reason);
    t.like(result.evidence, { hostAnswered: true, from: 'a' });
  });
}

test('an address that is not of this host proves nothing', async (t) => {
  const server = await FakeApiServer.start(t);
  const check = { ...CHECK, timeoutMs: 150, gateway: '198.51.100.1' };
  const result = await runCheck(check, checkContext(server, ends(7, 'refused')));
  t.is(result.outcome, 'failed');
  t.regex(result.reason ?? '', /EADDRNOTAVAIL/);
});

test('an abort of the run is no verdict', async (t) => {
  const server = await FakeApiServer.start(t);
  const controller = new AbortController();
  const reason = new Error('enough');
  const program: Program = () => {
    controller.abort(reason);
    return Promise.resolve({ exitCode: 1 });
  };
  t.is(await t.throwsAsync(runCheck(CHECK, checkContext(server, program, controller.signal))), reason);
});
