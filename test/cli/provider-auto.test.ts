import test from 'ava';
import { visit } from './command-line.ts';
import { reportSchema } from '../../src/report/report.ts';

// None of these may ever say --yes: a run that goes on would set up this host.

const AUTO = 'name: anywhere\nprovider: auto\n';
const K0S = `${AUTO}distribution: { name: k0s, version: 1.36.3+k0s.2 }\n`;

test.serial('lint takes a scenario for auto that some provider takes, and needs no engine', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('k0s.yaml', K0S);
  const { status, stderr } = await visitor.run(['lint', file]);
  t.is(status, 0, stderr);
});

test.serial('lint refuses one that none takes, once', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('bad.yaml', `${AUTO}network:\n  services: [10.152.183.0/24, fd98::/64]\n`);
  const { status, stdout } = await visitor.run(['lint', file]);
  t.is(status, 2);
  t.is(stdout.match(/rule service-cidr-size/g)?.length, 1, stdout);
});

for (const [title, text, args] of [
  ['in the file', K0S, []],
  ['as an option', K0S.replace('auto', 'lxd'), ['--provider', 'auto']],
] as const) {
  test.serial(`auto ${title}, and no engine here: 3, with what each lacks and what to do`, async (t) => {
    const visitor = await visit(t);
    const file = await visitor.write('k0s.yaml', text);
    const { status, stdout, stderr } = await visitor.run(['run', file, ...args, '--json']);
    t.is(status, 3, stderr);
    t.regex(stderr, /k0s\.yaml: provider auto is none; not lxd: .*; not incus: .*; not kind: .*kubeadm only/);
    const report = reportSchema.parse(JSON.parse(stdout));
    t.like(report, { exitCode: 3, failure: { class: 'preflight' }, providerChoice: { chosen: null } });
    t.deepEqual(
      report.providerChoice?.passedOver.map(({ provider }) => provider),
      ['lxd', 'incus', 'kind'],
    );
    const { message, hint } = report.failure ?? { message: '', hint: '' };
    for (const provider of ['lxd', 'incus', 'kind']) t.regex(message, new RegExp(`\n {2}${provider}: `));
    t.regex(hint ?? '', /\n {2}lxd: .+\n {2}incus: .+/);
    t.true(stderr.includes(message), 'it is told as well');
  });
}

test.serial('plan shows the scenario as it is for one provider, and says which', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('anywhere.yaml', AUTO);
  const { status, stdout, stderr } = await visitor.run(['plan', file]);
  t.is(status, 0, stderr);
  t.regex(stderr, /anywhere\.yaml: provider auto is /);
  t.regex(stdout, /lxc query|incus query/);
});

test.serial('a scenario that names its provider is asked nothing', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('lxd.yaml', AUTO.replace('auto', 'lxd'));
  const { status, stdout, stderr } = await visitor.run(['run', file, '--json']);
  t.is(status, 3);
  t.false(stderr.includes('provider auto'));
  t.is(reportSchema.parse(JSON.parse(stdout)).providerChoice, null);
});
