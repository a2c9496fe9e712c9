import test from 'ava';
import { renderPlan } from '../../../src/plan/render-plan.ts';
import { assemblePlan } from '../../../src/plan/assemble-plan.ts';
import { bridge } from '../../../src/cni/bridge.ts';
import { kubeadm } from '../../../src/distributions/kubeadm.ts';
import { sampleInputs } from '../../../src/plan/sample-inputs.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { sampleOwner } from '../../support/owner.ts';
import { samplePlan, SAMPLE_RUN } from '../../support/sample-plan.ts';
import { sampleScenario, THREE_NODES } from '../../support/sample-scenario.ts';

const archive = (name: string) => ({
  file: `/my images/${name}.tar`,
  sizeBytes: 10,
  sha256: 'ab'.repeat(32),
  references: [`docker.io/library/${name}:1.0`],
});
const scenario = sampleScenario(THREE_NODES);
const plan = assemblePlan({
  scenario,
  ...sampleInputs(scenario, SAMPLE_RUN),
  storagePool: 'twinstack',
  manifests: { nginxdualstack: 'kind: Pod', probe: 'kind: Pod' },
  ownManifests: [],
  host: { cgroupVersion: 1, dropped: [], kernelModules: [] },
  distribution: kubeadm,
  cni: bridge,
  archives: [archive('web'), archive('db')],
});
const needsOf = (id: string): readonly string[] | undefined =>
  plan.steps.find((step) => step.id === id)?.needs;

test('every node loads every archive, the nodes at once and an archive after the other', (t) => {
  t.is(plan.steps.filter(({ id }) => id.startsWith('bootstrap/load/')).length, 6);
  t.deepEqual(needsOf('bootstrap/load/worker-2/1'), ['bootstrap/prepare/worker-2']);
  t.deepEqual(needsOf('bootstrap/load/worker-2/2'), ['bootstrap/load/worker-2/1']);
});

test('nothing is applied before every node has its images, and the bootstrap waits for none', (t) => {
  for (const id of ['apply/nginxdualstack', 'apply/probe'])
    for (const node of ['control-plane-1', 'worker-1', 'worker-2'])
      t.true(needsOf(id)?.includes(`bootstrap/load/${node}/2`), `${id} ${node}`);
  for (const { id, needs, phase } of plan.steps)
    if (phase === 'join' || id === 'bootstrap/init') t.false(needs.join().includes('/load/'), id);
});

test('a plan without archives is as it was', (t) => {
  t.false(JSON.stringify(samplePlan(scenario)).includes('/load/'));
});

test('a printed plan has the command, the file and what is in it', (t) => {
  const text = renderPlan(plan, new InMemoryProvider(), sampleOwner(SAMPLE_RUN)).join('\n');
  t.true(
    text.includes(
      `[bootstrap/load/worker-1/1] load web.tar into ts-${SAMPLE_RUN}-worker-1 (after bootstrap/prepare/worker-1)\n` +
        `  $ exec ts-${SAMPLE_RUN}-worker-1 ctr --namespace k8s.io images import - < '/my images/web.tar'\n` +
        `  # docker.io/library/web:1.0: 10 bytes, SHA-256 ${'ab'.repeat(32)}\n`,
    ),
    text,
  );
});
