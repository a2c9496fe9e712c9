import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadScenario } from '../../../src/scenario/load-scenario.ts';
import { formatProblem } from '../../../src/scenario/problem.ts';
import { actionsOf, samplePlan } from '../../support/sample-plan.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { CHECK_ID_PATTERN } from '../../../src/report/report.ts';

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { template: { metadata: { annotations: { text: "{{braces}}" } } } }
---
apiVersion: v1
kind: Service
metadata: { name: web-ipv6 }
spec: { ipFamilyPolicy: RequireDualStack, selector: { a: b }, ports: [{ port: 80, name: http }] }
`;

async function load(t: ExecutionContext, files: Record<string, string>) {
  const folder = temporaryDirectory(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const loaded = await loadScenario(join(folder, 'x.yaml'));
  const problems = loaded.problems.map((problem) => formatProblem(problem).replaceAll(`${folder}/`, ''));
  return { loaded, problems };
}

test('a manifest is read beside its scenario, and is part of the plan as it is', async (t) => {
  const { loaded, problems } = await load(t, {
    'x.yaml': 'workloads: [{ manifest: web.yaml }]\n',
    'web.yaml': WEB,
  });
  t.deepEqual(problems, []);
  const [manifest] = loaded.manifests;
  t.is(manifest?.sha256, createHash('sha256').update(WEB).digest('hex'));
  if (loaded.scenario === null) throw new Error('refused');
  const plan = samplePlan(loaded.scenario, { ownManifests: loaded.manifests });
  const steps = plan.steps.map(({ id }) => id);
  for (const id of [
    'apply/manifest-1',
    'ready/manifest-1/Deployment/default/web',
    'ready/manifest-1/Service/default/web-ipv6',
  ]) {
    t.true(steps.includes(id), id);
  }
  t.false(steps.includes('apply/nginxdualstack'));
  const apply = actionsOf(plan).find((action) => action.kind === 'apply' && action.sha256 !== undefined);
  t.like(apply, { name: 'web.yaml', sha256: manifest?.sha256 });
  t.true(apply?.kind === 'apply' && apply.manifest.includes('{{braces}}'));
  const ids = plan.checks.map(({ id }) => id);
  for (const family of ['ipv4', 'ipv6']) {
    t.true(ids.includes(`service/web-v6/${family}/from-node`));
    t.true(ids.includes(`service/web-v6/${family}/from-pod/control-plane-1`));
    t.true(ids.includes(`endpointslice/web-v6/${family}/ready-endpoints`));
  }
  for (const id of ids) t.regex(id, CHECK_ID_PATTERN);
  t.is(new Set(ids).size, ids.length);
});

test('both workloads at once', async (t) => {
  const { loaded } = await load(t, {
    'x.yaml': 'workloads: [nginxdualstack, { manifest: web.yaml }]\n',
    'web.yaml': WEB,
  });
  if (loaded.scenario === null) throw new Error('refused');
  const ids = samplePlan(loaded.scenario, { ownManifests: loaded.manifests }).checks.map(({ id }) => id);
  t.true(
    ids.includes('service/nginx-dualstack/ipv6/from-node') && ids.includes('service/web-v6/ipv6/from-node'),
  );
});

const cases: [string, Record<string, string>, string[]][] = [
  [
    'a file that is not there',
    { 'x.yaml': 'workloads: [{ manifest: web.yaml }]\n' },
    ['x.yaml:1:25 workloads[0].manifest: web.yaml there is no such file or directory (rule manifest)'],
  ],
  [
    'a mistake in the manifest, at its place',
    { 'x.yaml': 'workloads: [{ manifest: web.yaml }]\n', 'web.yaml': `${WEB}---\nkind: Pod\n` },
    ['web.yaml:11:1 has no apiVersion and kind: each object needs both, as text (rule manifest)'],
  ],
  [
    'no Service for a family',
    {
      'x.yaml': 'workloads: [{ manifest: web.yaml }]\n',
      'web.yaml': WEB.replace('RequireDualStack', 'SingleStack'),
    },
    [
      'x.yaml:1:12 workloads: no Service with a ClusterIP and a TCP port asks for IPv6, so nothing would prove it: give one ipFamilyPolicy: RequireDualStack, or add nginxdualstack (rule service-proof)',
    ],
  ],
  [
    'ours proves it',
    {
      'x.yaml': 'workloads: [nginxdualstack, { manifest: web.yaml }]\n',
      'web.yaml': WEB.replace('RequireDualStack', 'SingleStack'),
    },
    [],
  ],
  [
    'one object in two manifests',
    {
      'x.yaml': 'workloads: [{ manifest: web.yaml }, { manifest: other.yaml }]\n',
      'web.yaml': WEB,
      'other.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n',
    },
    ['other.yaml:1:1 Deployment web is in web.yaml too: keep one (rule manifest)'],
  ],
];
for (const [name, files, expected] of cases) {
  test(`manifests: ${name}`, async (t) => {
    const { loaded, problems } = await load(t, files);
    t.deepEqual(problems, expected);
    t.is(loaded.scenario === null, expected.length > 0);
  });
}

const NET = `apiVersion: v1
kind: Service
metadata: { name: net, namespace: kube-system }
spec: { selector: { a: b }, ports: [{ port: 53, protocol: UDP }] }
`;

const plugins: [string, Record<string, string>, string[]][] = [
  ["a plugin's own Service is nothing that is asked", { 'net.yaml': NET }, []],
  [
    'a manifest of a plugin that is not there',
    {},
    ['x.yaml:1:32 cni.manifest: net.yaml there is no such file or directory (rule manifest)'],
  ],
  [
    'a mistake in it, at its place',
    { 'net.yaml': `${NET}---\nkind: DaemonSet\n` },
    ['net.yaml:6:1 has no apiVersion and kind: each object needs both, as text (rule manifest)'],
  ],
  [
    'an object that a workload has too',
    { 'net.yaml': NET, 'web.yaml': `${WEB}---\n${NET}` },
    ['web.yaml:11:1 Service net is in net.yaml too: keep one (rule manifest)'],
  ],
  [
    'calico without what has to be changed',
    { 'x.yaml': 'cni: { name: calico, manifest: net.yaml }\n', 'net.yaml': NET },
    [
      "net.yaml:1:1 has no ConfigMap calico-config, which holds Calico's settings: name Tigera's calico.yaml (without the operator), or write name: custom to apply it as it is (rule cni-manifest)",
      "net.yaml:1:1 has no DaemonSet calico-node, which is told the pod ranges: name Tigera's calico.yaml (without the operator), or write name: custom to apply it as it is (rule cni-manifest)",
    ],
  ],
];
for (const [name, files, expected] of plugins) {
  test(`the manifest of a network plugin: ${name}`, async (t) => {
    const scenario = `cni: { name: custom, manifest: net.yaml }\n${'web.yaml' in files ? 'workloads: [nginxdualstack, { manifest: web.yaml }]\n' : ''}`;
    const { loaded, problems } = await load(t, { 'x.yaml': scenario, ...files });
    const errors = problems.filter((problem) => !problem.includes(' warning:'));
    t.deepEqual(errors, expected);
    t.is(loaded.scenario === null, expected.length > 0);
    if (expected.length === 0) t.like(loaded.cniManifest, { path: 'net.yaml', services: [] });
  });
}
