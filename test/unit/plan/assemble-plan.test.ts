import { readFileSync } from 'node:fs';
import test from 'ava';
import { LXD } from '../../../src/providers/lxc/dialect.ts';
import { LxcProvider } from '../../../src/providers/lxc/lxc-provider.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { renderPlan } from '../../../src/plan/render-plan.ts';
import { PHASES } from '../../../src/run/event.ts';
import { sampleOwner } from '../../support/owner.ts';
import { actionsOf, samplePlan, SAMPLE_RUN } from '../../support/sample-plan.ts';
import {
  IPV4_ONLY,
  IPV6_ONLY,
  IPV6_PRIMARY,
  K8S_SNAP,
  sampleScenario,
  THREE_NODES,
} from '../../support/sample-scenario.ts';
import type { Action, Plan, Step } from '../../../src/plan/plan.ts';

const PLANS: Record<string, Plan> = {
  quickstart: samplePlan(sampleScenario()),
  'open egress': samplePlan(sampleScenario({ egress: 'open' })),
  'IPv4 only': samplePlan(sampleScenario(IPV4_ONLY)),
  'IPv6 primary': samplePlan(sampleScenario({ ...IPV6_PRIMARY, ...THREE_NODES })),
  'tests of the user': samplePlan(
    sampleScenario({
      tests: ['one', 'two'].map((name) => ({ name, command: [name], cwd: '/app', env: {}, timeoutMs: 1000 })),
    }),
  ),
  'three nodes': samplePlan(sampleScenario(THREE_NODES)),
  'k8s-snap, asked': samplePlan(
    sampleScenario({ ...K8S_SNAP, nodes: { controlPlanes: 2, workers: 1, controllerRole: null } }),
  ),
  'k8s-snap, by a file': samplePlan(sampleScenario({ ...K8S_SNAP, ...THREE_NODES, bootstrap: 'file' })),
  'k8s-snap, IPv6 only': samplePlan(sampleScenario({ ...K8S_SNAP, ...IPV6_ONLY, ...THREE_NODES })),
};

/** Values that a run has before its first step. */
const GIVEN = new Set(['secret.bootstrapToken']);

function valuesAskedBy(action: Action): string[] {
  return [...JSON.stringify(action).matchAll(/\{\{([\w.-]+)\}\}/g)].map(([, name]) => name ?? '');
}

function valuesGivenBy(action: Action): string[] {
  if (action.kind === 'exec' && action.capture !== undefined) return [action.capture];
  if (action.kind === 'connect') return ['caCertHash', 'kubernetesVersion'];
  if (action.kind !== 'wait' || action.condition.type !== 'pod-cidrs') return [];
  const { nodes, families } = action.condition;
  return nodes.flatMap((node) => families.map((family) => `podCIDR.${node}.${family}`));
}

/** All steps that are done before a step starts. */
function before(plan: Plan, step: Step): Step[] {
  const direct = plan.steps.filter(({ id }) => step.needs.includes(id));
  return [...new Set([...direct, ...direct.flatMap((need) => before(plan, need))])];
}

for (const [name, plan] of Object.entries(PLANS)) {
  test(`${name}: every step needs earlier steps only, and ids are unique`, (t) => {
    const earlier = new Set<string>();
    for (const step of plan.steps) {
      for (const need of step.needs) t.true(earlier.has(need), `${step.id} needs ${need}`);
      t.false(earlier.has(step.id), `${step.id} is there twice`);
      earlier.add(step.id);
    }
  });

  test(`${name}: every value has been found out before it is asked for`, (t) => {
    for (const step of plan.steps) {
      const known = new Set(GIVEN);
      for (const earlier of before(plan, step))
        earlier.actions.flatMap(valuesGivenBy).forEach((value) => known.add(value));
      for (const action of step.actions) {
        for (const value of valuesAskedBy(action)) t.true(known.has(value), `${step.id} asks for ${value}`);
        valuesGivenBy(action).forEach((value) => known.add(value));
      }
    }
    t.pass();
  });

  test(`${name}: a node is used only after it was started`, (t) => {
    for (const step of plan.steps) {
      const done = [...before(plan, step), step].flatMap(({ actions }) => actions);
      const started = done.flatMap((action) => (action.kind === 'start' ? [action.node] : []));
      for (const action of step.actions) {
        if ('node' in action) t.true(started.includes(action.node), `${step.id} uses ${action.node}`);
      }
    }
  });

  test(`${name}: check ids have the contract's form and are unique`, (t) => {
    const ids = plan.checks.map(({ id }) => id);
    t.is(new Set(ids).size, ids.length);
    for (const id of ids) {
      t.regex(id, /^[^/]+\/[^/]+\/(ipv4|ipv6|both)\/[^/]+(\/[^/]+)?$/);
      t.is(id.match(/ipv4|ipv6|both/g)?.length, 1, `${id} names its family once`);
      t.false(id.includes(SAMPLE_RUN), `${id} is the same in every run`);
    }
  });

  test(`${name}: a Service check of each family that was asked for, and of no other`, (t) => {
    const words = plan.scenario.network.families.map((family) => family.toLowerCase()).sort();
    const found = plan.checks.flatMap(
      ({ id }) => /^service\/nginx-dualstack\/(\w+)\/from-node$/.exec(id)?.[1] ?? [],
    );
    t.deepEqual(found.sort(), words);
  });

  test(`${name}: steps are of phases, and names fit`, (t) => {
    for (const { phase } of plan.steps) t.true(PHASES.includes(phase));
    for (const action of actionsOf(plan)) {
      if (action.kind === 'create')
        t.true(action.resource.name.length <= (action.resource.kind === 'network' ? 15 : 63));
    }
  });
}

test('the same inputs give the same plan', (t) => {
  t.deepEqual(samplePlan(sampleScenario(THREE_NODES)), samplePlan(sampleScenario(THREE_NODES)));
});

test('nodes have their addresses in the order of the families, with the same digits in both', (t) => {
  const dual = PLANS['three nodes']?.nodes.map(({ addresses }) => addresses.map(({ address }) => address));
  t.deepEqual(dual, [
    ['198.51.100.11', '2001:db8:88::11'],
    ['198.51.100.12', '2001:db8:88::12'],
    ['198.51.100.13', '2001:db8:88::13'],
  ]);
  t.deepEqual(
    PLANS['IPv6 primary']?.nodes[0]?.addresses.map(({ family }) => family),
    ['IPv6', 'IPv4'],
  );
  t.deepEqual(
    PLANS['IPv4 only']?.nodes[0]?.addresses.map(({ family }) => family),
    ['IPv4'],
  );
});

test('the ACL and the egress checks are there exactly when egress is blocked', (t) => {
  const acls = (plan: Plan | undefined): number =>
    plan === undefined
      ? -1
      : actionsOf(plan).filter((action) => action.kind === 'create' && action.resource.kind === 'network-acl')
          .length;
  const egress = (plan: Plan | undefined): string[] =>
    plan?.checks.flatMap(({ id, type }) => (type === 'egress-blocked' ? [id] : [])) ?? [];
  t.is(acls(PLANS.quickstart), 1);
  t.deepEqual(egress(PLANS.quickstart), ['egress/lab/ipv4/blocked', 'egress/lab/ipv6/blocked']);
  t.is(acls(PLANS['open egress']), 0);
  t.deepEqual(egress(PLANS['open egress']), []);
});

test('the Service asks for both families where there are two, and for the one otherwise', (t) => {
  const manifestOf = (plan: Plan | undefined): string =>
    plan === undefined
      ? ''
      : actionsOf(plan)
          .flatMap((action) => (action.kind === 'apply' ? [action.manifest] : []))
          .join('---\n');
  t.regex(
    manifestOf(PLANS.quickstart),
    /ipFamilyPolicy: 'RequireDualStack'\n\s+ipFamilies: \["IPv4","IPv6"\]/,
  );
  t.regex(manifestOf(PLANS['IPv6 primary']), /ipFamilies: \["IPv6","IPv4"\]/);
  t.regex(manifestOf(PLANS['IPv4 only']), /ipFamilyPolicy: 'SingleStack'\n\s+ipFamilies: \["IPv4"\]/);
});

test('the plan of quickstart reads as recorded', (t) => {
  const provider = new LxcProvider(LXD, new HostCommandRunner());
  const text = `${renderPlan(samplePlan(sampleScenario()), provider, sampleOwner(SAMPLE_RUN)).join('\n')}\n`;
  t.is(text, readFileSync(new URL('../../fixtures/plans/quickstart.txt', import.meta.url), 'utf8'));
});

// What comes before and after is the same for every distribution.
for (const [name, golden] of [
  ['k8s-snap, asked', 'k8s-snap-interactive'],
  ['k8s-snap, by a file', 'k8s-snap-file'],
] as const) {
  test(`the steps of ${name} read as recorded`, (t) => {
    const plan = PLANS[name];
    if (plan === undefined) throw new Error('no such plan');
    const steps = plan.steps.filter(({ phase }) => ['bootstrap', 'join', 'network'].includes(phase));
    const provider = new LxcProvider(LXD, new HostCommandRunner());
    const text = `${renderPlan({ ...plan, steps }, provider, sampleOwner(SAMPLE_RUN)).join('\n')}\n`;
    t.is(text, readFileSync(new URL(`../../fixtures/plans/${golden}.txt`, import.meta.url), 'utf8'));
  });
}

test("the user's tests run one after the other, when every check of ours is done", (t) => {
  const plan = PLANS['tests of the user'];
  if (plan === undefined) throw new Error('no such plan');
  const steps = plan.steps.filter(({ id }) => id.startsWith('verify/test/'));
  t.deepEqual(
    steps.map(({ id }) => id),
    ['verify/test/one/both/exit-status', 'verify/test/two/both/exit-status'],
  );
  const [one, two] = steps;
  const ours = plan.steps.filter(({ id }) => id.startsWith('verify/') && !id.startsWith('verify/test/'));
  t.deepEqual(new Set(one?.needs), new Set(ours.map(({ id }) => id)));
  t.deepEqual(two?.needs, [one?.id]);
});

test('a firewall that drops is opened for the bridge before its nodes run, and only where something is forwarded', (t) => {
  const rules = (plan: Plan): string[] =>
    actionsOf(plan).flatMap((action) =>
      action.kind === 'create' && action.resource.kind === 'forward-rule'
        ? [`${action.resource.name} ${action.resource.egress}`]
        : [],
    );
  const host = { dropped: ['IPv4', 'IPv6'] } as const;
  const three = sampleScenario(THREE_NODES);
  t.deepEqual(rules(samplePlan(three)), []);
  t.deepEqual(rules(samplePlan(three, host)), ['ts-k7f3q2-ipv4 blocked', 'ts-k7f3q2-ipv6 blocked']);
  t.deepEqual(rules(samplePlan(three, { dropped: ['IPv6'] })), ['ts-k7f3q2-ipv6 blocked']);
  t.deepEqual(rules(samplePlan(sampleScenario(), host)), [], 'one node, kept in: nothing is forwarded');
  const open = sampleScenario({ egress: 'open' });
  t.deepEqual(rules(samplePlan(open, host)), ['ts-k7f3q2-ipv4 open', 'ts-k7f3q2-ipv6 open']);
  const [step] = samplePlan(three, host).steps;
  t.is(step?.actions.filter((action) => action.kind === 'create').length, 5, 'with the network');
});
