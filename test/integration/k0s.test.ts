import { runForms, type Form, type FormRuns } from './forms.ts';
import { buildRig } from './rig.ts';
import {
  assertNothingLeft,
  assertPassed,
  outcomeOf,
  readWrittenReport,
  realTest as test,
  reportFolder,
} from './real-engine.ts';
import { runEntry } from '../support/run-entry.ts';

// Real clusters in real containers, made by the stand-in for k0s of the components of our node image; then one that can't be made. What
// the runs of this file wait for is mostly not the processor, so they share it: all begin with the first test, and each looks at one.

interface K0sForm extends Form {
  readonly title: string;
  /** Every machine, by role. */
  readonly roles: readonly ('control-plane' | 'worker')[];
  /** The nodes of Kubernetes. */
  readonly nodes: readonly string[];
  readonly families: readonly ('ipv4' | 'ipv6')[];
}

const FORMS = {
  'kube-router': {
    title: 'a controller that is a worker too, and a worker; the network is said to be k0s’ own',
    shipped: 'k0s-kube-router',
    roles: ['control-plane', 'worker'],
    nodes: ['control-plane-1', 'worker-1'],
    families: ['ipv4', 'ipv6'],
  },
  'ipv6-primary': {
    title: 'a controller that is no node, and a worker, IPv6 first',
    shipped: 'k0s-ipv6-primary',
    roles: ['control-plane', 'worker'],
    nodes: ['worker-1'],
    families: ['ipv6', 'ipv4'],
  },
  single: {
    title: 'one node that is all of the cluster, with a network of its own',
    shipped: 'k0s-custom-cni',
    roles: ['control-plane'],
    nodes: ['control-plane-1'],
    families: ['ipv4', 'ipv6'],
  },
  'calico-bird': {
    title: 'a controller and two workers; the network is said to be k0s’ Calico',
    shipped: 'k0s-calico-bird',
    change: { nodes: { workers: 2 } },
    roles: ['control-plane', 'worker', 'worker'],
    nodes: ['worker-1', 'worker-2'],
    families: ['ipv4', 'ipv6'],
  },
  'ipv6-only': {
    title: 'one node with IPv6 alone',
    shipped: 'k0s-custom-cni',
    change: { network: { families: ['IPv6'] } },
    roles: ['control-plane'],
    nodes: ['control-plane-1'],
    families: ['ipv6'],
  },
} satisfies Record<string, K0sForm>;

type FormName = keyof typeof FORMS;

const runs: { forms?: FormRuns<FormName> } = {};

test.before(async () => {
  runs.forms = await runForms(FORMS, ['--set', `binary=${await buildRig('k0s')}`]);
});

for (const [name, form] of Object.entries<K0sForm>(FORMS) as [FormName, K0sForm][]) {
  test(`k0s: ${form.title}`, async (t) => {
    const { forms } = runs;
    if (forms === undefined) throw new Error('nothing was run');
    const report = forms.report(name);
    await assertPassed(t, report);
    t.deepEqual(report.families, form.families);
    t.deepEqual(
      report.nodes.map(({ role }) => role),
      form.roles,
    );
    t.deepEqual(report.distribution, { name: 'k0s', version: '1.36.3+k0s.2' });
    t.true(report.notices.some((notice) => /k0s is a STAND-IN/.test(notice)));
    for (const family of form.families) {
      t.is(outcomeOf(report, `service/nginx-dualstack/${family}/from-node`), 'passed');
      for (const node of form.nodes) {
        t.is(outcomeOf(report, `service/nginx-dualstack/${family}/from-pod/${node}`), 'passed');
      }
    }
    const nodes = new Set(report.checks.flatMap(({ id }) => /^node\/([^/]+)\//.exec(id)?.[1] ?? []));
    t.deepEqual(nodes, new Set(form.nodes));
  });
}

for (const [title, mood, says, hint] of [
  [
    'a k0s that knows another configuration',
    'older-schema',
    /unknown field .*primaryAddressFamily/,
    /distribution\.version/,
  ],
  ['a token that expired', 'expired-token', /the API server takes the token of .*Unauthorized/s, /expired/],
] as const) {
  test(`${title}: exit status 4 with the cause and a way out, and nothing is left`, async (t) => {
    const folder = reportFolder();
    const binary = await buildRig('k0s', { mood });
    const options = ['--set', `binary=${binary}`, '--no-egress', '--report-dir', folder];
    const { status, stderr } = await runEntry(['run', 'scenarios/k0s-ipv6-primary.yaml', ...options]);
    t.is(status, 4, stderr.slice(-3000));
    const report = readWrittenReport(folder);
    t.is(report.failure?.class, 'infrastructure');
    t.regex(report.failure?.message ?? '', says);
    t.regex(report.failure?.hint ?? '', hint);
    await assertNothingLeft(t, report.runId);
  });
}
