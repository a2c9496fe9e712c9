import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sampleOwner } from '../../support/owner.ts';
import { SAMPLE_RUN, samplePlan } from '../../support/sample-plan.ts';
import { ROOT } from '../../support/run-entry.ts';
import { renderPlan } from '../../../src/plan/render-plan.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { KindProvider } from '../../../src/providers/kind/kind-provider.ts';
import { LXD } from '../../../src/providers/lxc/dialect.ts';
import { LxcProvider } from '../../../src/providers/lxc/lxc-provider.ts';
import { loadScenario } from '../../../src/scenario/load-scenario.ts';
import type { Plan } from '../../../src/plan/plan.ts';

const NAMES = readdirSync(join(ROOT, 'scenarios'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace(/\.yaml$/, ''));

/** The plan of a shipped scenario; null for one that a rule is meant to refuse. */
async function planOf(name: string): Promise<Plan | null> {
  const { scenario, cniManifest } = await loadScenario(join(ROOT, 'scenarios', `${name}.yaml`), {});
  if (scenario === null) return null;
  return samplePlan(scenario, { installed: cniManifest === null ? null : { ...cniManifest, values: null } });
}

for (const name of NAMES) {
  test(`${name}: each step of its plan needs steps that come before it, and each check asks a node that is one`, async (t) => {
    const plan = await planOf(name);
    if (plan === null) {
      t.is(name, 'rejected-service-cidr');
      return;
    }
    const before = new Set<string>();
    for (const { id, needs } of plan.steps) {
      t.deepEqual(
        needs.filter((need) => !before.has(need)),
        [],
        id,
      );
      t.false(before.has(id), id);
      before.add(id);
    }
    t.true(plan.checks.some(({ type }) => type === 'service-http'));
    const nodes = plan.nodes.map((node) => node.name);
    for (const { actions } of plan.steps) {
      for (const action of actions) if ('node' in action) t.true(nodes.includes(action.node));
    }
  });
}

const SURROUNDINGS = {
  kind: { version: () => Promise.resolve('0'), ensure: () => Promise.resolve('kind') },
  env: {},
  directoryOf: (runId: string) => runId,
};

for (const name of ['k0s-ipv6-primary', 'k0s-calico-bird', 'kind-dualstack']) {
  test(`the steps of ${name} read as recorded`, async (t) => {
    const plan = await planOf(name);
    if (plan === null) throw new Error('refused');
    const phases =
      name === 'kind-dualstack' ? ['launch', 'bootstrap', 'network'] : ['bootstrap', 'join', 'network'];
    const steps = plan.steps.filter(({ phase }) => phases.includes(phase));
    const runner = new HostCommandRunner();
    const provider =
      plan.scenario.provider === 'kind'
        ? new KindProvider(runner, SURROUNDINGS)
        : new LxcProvider(LXD, runner);
    const text = `${renderPlan({ ...plan, steps }, provider, sampleOwner(SAMPLE_RUN)).join('\n')}\n`;
    t.is(text, readFileSync(new URL(`../../fixtures/plans/${name}.txt`, import.meta.url), 'utf8'));
  });
}
