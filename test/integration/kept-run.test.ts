import { execa } from 'execa';
import { assertNothingLeft, realTest as test, readWrittenReport, reportFolder } from './real-engine.ts';
import { runEntry } from '../support/run-entry.ts';

/** A host outside the lab, in a network namespace of this test, with a web server on each family. */
const OUTSIDE = { name: 'ts-outside', link: 'ts-out0', ipv4: '198.51.100.2', ipv6: 'fd0f:7e57:0:1::2' };
const HOST_SIDE = { ipv4: '198.51.100.1', ipv6: 'fd0f:7e57:0:1::1' };

async function ip(...args: string[]): Promise<void> {
  await execa('ip', args, { stdin: 'ignore' });
}

async function makeOutsideHost(): Promise<() => Promise<void>> {
  const inside = ['netns', 'exec', OUTSIDE.name, 'ip'];
  await ip('netns', 'add', OUTSIDE.name);
  await ip('link', 'add', OUTSIDE.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', OUTSIDE.name);
  await ip('address', 'add', `${HOST_SIDE.ipv4}/30`, 'dev', OUTSIDE.link);
  await ip('address', 'add', `${HOST_SIDE.ipv6}/64`, 'dev', OUTSIDE.link, 'nodad');
  await ip('link', 'set', OUTSIDE.link, 'up');
  await ip(...inside, 'address', 'add', `${OUTSIDE.ipv4}/30`, 'dev', 'eth0');
  await ip(...inside, 'address', 'add', `${OUTSIDE.ipv6}/64`, 'dev', 'eth0', 'nodad');
  await ip(...inside, 'link', 'set', 'eth0', 'up');
  // The way back to the lab: without it a silent drop of the answer would look like a blocked way out.
  await ip(...inside, 'route', 'add', 'default', 'via', HOST_SIDE.ipv4);
  await ip(...inside, '-6', 'route', 'add', 'default', 'via', HOST_SIDE.ipv6);
  const script = "require('node:http').createServer((q, r) => r.end('outside\\n')).listen(8099, '::')";
  const server = execa('ip', ['netns', 'exec', OUTSIDE.name, process.execPath, '-e', script], {
    reject: false,
  });
  return async () => {
    server.kill('SIGKILL');
    await server;
    await ip('netns', 'delete', OUTSIDE.name);
  };
}

const curl = ['curl', '--globoff', '--silent', '--show-error', '--noproxy', '*', '--max-time', '3'];
const urls = [`http://${OUTSIDE.ipv4}:8099/`, `http://[${OUTSIDE.ipv6}]:8099/`];

test('a kept run: kubeconfig, logs, ps; no way out for its node; gc leaves it alone and down removes it', async (t) => {
  const folder = reportFolder();
  const args = [
    'run',
    'scenarios/quickstart.yaml',
    '--no-egress',
    '--keep',
    'always',
    '--report-dir',
    folder,
  ];
  const run = await runEntry(args);
  t.is(run.status, 0, run.stderr.slice(-3000));
  const report = readWrittenReport(folder);
  const { runId } = report;
  t.is(report.cleanup.outcome, 'kept');
  const node = report.nodes[0]?.name ?? '';

  const kubeconfig = await runEntry(['kubeconfig', runId.slice(0, 5)]);
  t.is(kubeconfig.status, 0);
  t.regex(kubeconfig.stdout, /^apiVersion: v1/);
  t.regex((await runEntry(['logs', runId, 'control-plane-1'])).stdout, /kubelet/);
  t.true((await runEntry(['ps'])).stdout.includes(runId));

  if (process.getuid?.() === 0) {
    const remove = await makeOutsideHost();
    try {
      for (const url of urls) {
        const fromHost = await execa('curl', [
          ...curl.slice(1),
          '--retry',
          '20',
          '--retry-connrefused',
          '--retry-delay',
          '1',
          url,
        ]);
        t.is(fromHost.stdout, 'outside', 'the control: this host reaches it');
        const fromNode = await execa('lxc', ['exec', '-n', `local:${node}`, '--', ...curl, url], {
          reject: false,
          stdin: 'ignore',
        });
        t.true([7, 28].includes(fromNode.exitCode ?? 0), `${url}: ${fromNode.stdout} ${fromNode.stderr}`);
      }
    } finally {
      await remove();
    }
  }

  t.is((await runEntry(['gc'])).status, 0);
  t.true((await runEntry(['ps'])).stdout.includes(runId), 'gc leaves a kept run alone');
  t.is((await runEntry(['down', runId])).status, 0);
  await assertNothingLeft(t, runId);
  t.is((await runEntry(['kubeconfig', runId])).status, 2);
  t.regex((await runEntry(['report', runId])).stdout, /nginx-dualstack/);
});
