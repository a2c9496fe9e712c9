import test from 'ava';
import { parseAllDocuments } from 'yaml';
import { readManifest } from '../../../src/scenario/read-manifest.ts';
import { samplePlan } from '../../support/sample-plan.ts';
import { sampleScenario, THREE_NODES } from '../../support/sample-scenario.ts';
import type { InstalledManifest } from '../../../src/cni/manifest-cni.ts';
import type { Plan, Step } from '../../../src/plan/plan.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

const TEXT = `apiVersion: v1
kind: ConfigMap
metadata: { name: net, namespace: kube-system }
data: { text: '{{braces}}', switch: 'yes' }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: net, namespace: kube-system }
`;

const INSTALLED: InstalledManifest = {
  path: 'net.yaml',
  sha256: 'abc',
  objects: readManifest(TEXT, { file: 'net.yaml', network: null }).objects,
  values: null,
};

const CUSTOM: Partial<Scenario> = { cni: { name: 'custom', mode: null, manifest: 'net.yaml' } };

function planOf(change: Partial<Scenario> = {}, installed = INSTALLED): Plan {
  return samplePlan(sampleScenario({ ...CUSTOM, ...change }), { installed });
}

function step(plan: Plan, id: string): Step {
  const found = plan.steps.find((each) => each.id === id);
  if (found === undefined) throw new Error(`the plan has no ${id}`);
  return found;
}

test('the manifest is applied as it is when the API server answers, and the report knows its digest', (t) => {
  const { needs, actions } = step(planOf(), 'network/apply');
  t.deepEqual(needs, ['bootstrap/api']);
  const [apply] = actions;
  t.like(apply, { kind: 'apply', name: 'net.yaml', sha256: 'abc' });
  if (apply?.kind !== 'apply') throw new Error('no apply');
  t.deepEqual(
    parseAllDocuments(apply.manifest).map((document) => document.toJS() as unknown),
    INSTALLED.objects.map(({ content }) => content),
  );
});

test('every node must be Ready by it, and be given its pod ranges', (t) => {
  const plan = planOf(THREE_NODES);
  t.deepEqual(step(plan, 'network/pod-cidrs').needs, [
    'bootstrap/api',
    'bootstrap/init',
    'join/worker-1',
    'join/worker-2',
  ]);
  t.deepEqual(step(plan, 'network/worker-2').needs, ['network/apply', 'network/pod-cidrs', 'join/worker-2']);
  t.like(step(plan, 'network/worker-2').actions[0], {
    kind: 'wait',
    condition: {
      type: 'nodes-ready',
      nodes: ['ts-k7f3q2-worker-2'],
      waitsFor: [{ kind: 'DaemonSet', namespace: 'kube-system', name: 'net' }],
    },
  });
  const ids = plan.checks.map(({ id }) => id);
  for (const id of ['node/worker-2/ipv4/pod-cidr', 'node/worker-2/ipv6/pod-cidr'])
    t.true(ids.includes(id), id);
});

test('nothing of the bridge plugin is on its nodes', (t) => {
  const files = planOf().steps.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.kind === 'write-files' ? action.files.map(({ path }) => path) : [])),
  );
  t.true(files.length > 0);
  t.false(files.some((path) => /cni|twinstack\/(masquerade|routes|unreachable)/.test(path)));
});

test('the deadline of a Service does not run before there is a Ready node', (t) => {
  t.true(step(planOf(), 'ready/service').needs.includes('network/control-plane-1'));
  t.false(step(samplePlan(sampleScenario()), 'ready/service').needs.includes('network/control-plane-1'));
});
