import { readFileSync } from 'node:fs';
import test from 'ava';
import { LXD } from '../../../src/providers/lxc/dialect.ts';
import { LxcProvider } from '../../../src/providers/lxc/lxc-provider.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { renderPlan } from '../../../src/plan/render-plan.ts';
import { foreignImageOf } from '../../../src/images/foreign-image.ts';
import { sampleOwner } from '../../support/owner.ts';
import { actionsOf, samplePlan, SAMPLE_RUN } from '../../support/sample-plan.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

const SNAP: Partial<Scenario> = {
  name: 'snap',
  distribution: { name: 'k8s-snap', version: '1.36.3' },
  cni: { name: 'distribution', mode: null, manifest: null },
  egress: 'open',
};
const STORE: Scenario['install'] = { from: 'snap-store', channel: '1.36-classic/stable' };

async function planOf(change: Partial<Scenario>, kernelModules: readonly string[] = []): Promise<Plan> {
  const scenario = sampleScenario({ ...SNAP, ...change });
  return samplePlan(scenario, { kernelModules, foreign: await foreignImageOf(scenario, {}) });
}

function created(plan: Plan, kind: string): unknown {
  const found = actionsOf(plan).find((action) => action.kind === 'create' && action.resource.kind === kind);
  return found?.kind === 'create' ? found.resource : undefined;
}

test('the launch of a snap reads as recorded', async (t) => {
  const plan = await planOf({ install: STORE }, ['xt_socket', 'ip_vs']);
  const lines = renderPlan(plan, new LxcProvider(LXD, new HostCommandRunner()), sampleOwner(SAMPLE_RUN));
  const end = lines.findIndex((line) => line.startsWith('[bootstrap/'));
  const recorded = new URL('../../fixtures/plans/k8s-snap-launch.txt', import.meta.url);
  t.is(`${lines.slice(0, end).join('\n')}\n`, readFileSync(recorded, 'utf8'));
});

test('an image that is none of ours runs containers as the world publishes them, and nothing calls them ours', async (t) => {
  const plan = await planOf({ install: STORE });
  const manifests = actionsOf(plan).flatMap((action) => (action.kind === 'apply' ? [action.manifest] : []));
  t.true(manifests.some((text) => text.includes('ghcr.io/canonical/cdk/diverdane/nginxdualstack:1.0.0')));
  t.false(JSON.stringify(plan).includes('twinstack.local'));
  const asked = plan.checks.filter((check) => check.type === 'service-http');
  t.true(asked.length > 0);
  for (const check of asked) t.like(check, { expectBody: 'Kubernetes IPv6 nginx', tellsClient: false });
});

test('an image of the engine without a snap to install gets its addresses by cloud-init and no loop devices', async (t) => {
  const plan = await planOf({ image: 'local:mine', egress: 'blocked' });
  t.like(created(plan, 'profile'), { snap: null });
  t.like(created(plan, 'instance'), { cloudInit: { nameservers: [] } });
});

test('k8s-snap in a node image of ours has what any node has', async (t) => {
  const plan = await planOf({});
  t.like(created(plan, 'profile'), { snap: null });
  t.like(created(plan, 'instance'), { cloudInit: null });
  t.true(JSON.stringify(plan).includes('twinstack.local/nginxdualstack'));
});
