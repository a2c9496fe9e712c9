import test from 'ava';
import { distributionNetwork } from '../../../src/cni/distribution-network.ts';
import { k8sSnap } from '../../../src/distributions/k8s-snap.ts';
import { assemblePlan, type PlanInputs } from '../../../src/plan/assemble-plan.ts';
import { sampleInputs } from '../../../src/plan/sample-inputs.ts';
import { SAMPLE_PARTS, SAMPLE_RUN } from '../../support/sample-plan.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import type { Plan, Step } from '../../../src/plan/plan.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

function planOf(change: Partial<Scenario>, more: Partial<PlanInputs> = {}): Plan {
  const scenario = sampleScenario({
    distribution: { name: 'k8s-snap', version: '1.36.3' },
    cni: { name: 'distribution', mode: null, manifest: null },
    ...change,
  });
  const inputs = { scenario, ...sampleInputs(scenario, SAMPLE_RUN), ...SAMPLE_PARTS };
  return assemblePlan({ ...inputs, distribution: k8sSnap, cni: distributionNetwork, ...more });
}

function stepOf({ steps }: Plan, id: string): Step {
  const step = steps.find((each) => each.id === id);
  if (step === undefined) throw new Error(`no step ${id}`);
  return step;
}

/** The commands of a node's preparation that come after its addresses. */
function commands(plan: Plan, node = 'control-plane-1'): string[] {
  return stepOf(plan, `bootstrap/prepare/${node}`).actions.flatMap((action) =>
    action.kind === 'exec' && action.file !== 'grep'
      ? `${action.file} ${action.args.join(' ')}${action.input === undefined ? '' : ` < ${action.input.file}`}`
      : [],
  );
}

const file = (name: string): { file: string; sizeBytes: number; sha256: string } => ({
  file: `/snaps/${name}`,
  sizeBytes: 1,
  sha256: '0',
});

test('from the store every node installs the channel, once snapd is ready', (t) => {
  const plan = planOf({
    install: { from: 'snap-store', channel: '1.36-classic/stable' },
    nodes: { controlPlanes: 1, workers: 1, controllerRole: null },
  });
  for (const node of ['control-plane-1', 'worker-1']) {
    t.deepEqual(commands(plan, node), [
      'snap wait system seed.loaded',
      'snap install k8s --classic --channel=1.36-classic/stable',
      'k8s --help',
    ]);
  }
});

test('snaps of this host are made known and installed in their order, k8s alone without confinement', (t) => {
  const snaps = ['core22_1748', 'k8s_3400'].map((name) => ({
    name: `${name}.snap`,
    snap: file(`${name}.snap`),
    assert: file(`${name}.assert`),
  }));
  const install = { from: 'snap-file', snaps: snaps.map(({ name }) => name), dangerous: false } as const;
  t.deepEqual(commands(planOf({ install }, { snaps })), [
    'snap wait system seed.loaded',
    'install -D --mode=0600 /dev/stdin /var/lib/twinstack/snaps/core22_1748.assert < /snaps/core22_1748.assert',
    'install -D --mode=0600 /dev/stdin /var/lib/twinstack/snaps/core22_1748.snap < /snaps/core22_1748.snap',
    'snap ack /var/lib/twinstack/snaps/core22_1748.assert',
    'snap install /var/lib/twinstack/snaps/core22_1748.snap',
    'install -D --mode=0600 /dev/stdin /var/lib/twinstack/snaps/k8s_3400.assert < /snaps/k8s_3400.assert',
    'install -D --mode=0600 /dev/stdin /var/lib/twinstack/snaps/k8s_3400.snap < /snaps/k8s_3400.snap',
    'snap ack /var/lib/twinstack/snaps/k8s_3400.assert',
    'snap install --classic /var/lib/twinstack/snaps/k8s_3400.snap',
    'k8s --help',
  ]);
});

test('a snap that nothing vouches for is installed as dangerous', (t) => {
  const snaps = [{ name: 'k8s.snap', snap: file('k8s.snap'), assert: null }];
  const install = { from: 'snap-file', snaps: ['k8s.snap'], dangerous: true } as const;
  t.deepEqual(commands(planOf({ install }, { snaps })).slice(1, -1), [
    'install -D --mode=0600 /dev/stdin /var/lib/twinstack/snaps/k8s.snap < /snaps/k8s.snap',
    'snap install --classic --dangerous /var/lib/twinstack/snaps/k8s.snap',
  ]);
});

test('a program of the user is copied into every node, and is not looked for elsewhere', (t) => {
  t.deepEqual(commands(planOf({}, { binary: { ...file('k8s'), embedsComponents: false } })), [
    'install -D --mode=0755 /dev/stdin /usr/local/bin/k8s < /snaps/k8s',
    'k8s --help',
  ]);
});

test('a program that is missing says where it could come from', (t) => {
  const action = stepOf(planOf({}), 'bootstrap/prepare/control-plane-1').actions.at(-1);
  t.regex(action?.kind === 'exec' ? (action.hint ?? '') : '', /image\), .*\(binary\), .*\(install\)/);
});

test('the cluster must be of the release that the scenario says', (t) => {
  t.like(stepOf(planOf({}), 'bootstrap/api').actions[0], { kind: 'connect', expectVersion: '1.36.3' });
});

test('prompts of the scenario take the place of the known ones, with its limits', (t) => {
  const prompt = { name: 'pods', pattern: '^Pods: $', optional: false, times: 1, secret: false };
  const plan = planOf({
    bootstrap: 'interactive',
    dialogue: {
      mode: 'pty',
      prompts: [{ ...prompt, answer: '{{ network.pods }}' }],
      timeouts: { promptMs: 1, silenceMs: 2, endMs: 90_000 },
    },
  });
  const [action] = stepOf(plan, 'bootstrap/init').actions;
  t.like(action, {
    args: ['bootstrap', '--interactive', '--timeout', '90s'],
    dialogue: { mode: 'pty', limits: { promptMs: 1, silenceMs: 2, endMs: 90_000 } },
  });
  t.deepEqual(action?.kind === 'dialogue' ? action.dialogue.prompts : [], [
    { ...prompt, answer: '10.1.0.0/16,fd01::/108' },
  ]);
});

test('nodes are waited for by cause while the distribution waits without one', (t) => {
  const plan = planOf({ nodes: { controlPlanes: 1, workers: 1, controllerRole: null } });
  t.deepEqual(stepOf(plan, 'network/control-plane-1').needs, ['bootstrap/api']);
  t.deepEqual(stepOf(plan, 'network/worker-1').needs, ['bootstrap/api', 'join/worker-1']);
  const [wait] = stepOf(plan, 'network/control-plane-1').actions;
  const [status] = stepOf(plan, 'bootstrap/status').actions;
  t.true(
    wait?.kind === 'wait' && status?.kind === 'exec' && wait.timeoutMs < status.timeoutMs,
    'the wait that names the cause ends first',
  );
});
