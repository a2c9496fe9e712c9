import test from 'ava';
import { parse } from 'yaml';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { actionsOf, fileOf, samplePlan } from '../../support/sample-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';

/** The plan of a file for k8s-snap. */
function planOf(text: string): Plan {
  const { scenario, problems } = parseScenario(
    `name: x\nbinary: ./k8s\ndistribution: { name: k8s-snap }\n${text}`,
    'x.yaml',
  );
  if (scenario === null) throw new Error(JSON.stringify(problems));
  return samplePlan(scenario);
}

function bootstrapFile(text: string): unknown {
  return parse(fileOf(planOf(text), 'control-plane-1', '/etc/twinstack/k8s-bootstrap.yaml').content);
}

const ON = { enabled: true };
const BOTH = { 'pod-cidr': '10.1.0.0/16,fd01::/108', 'service-cidr': '10.152.183.0/24,fd98::/108' };

test('a file switches on network and dns, which are off in a file that says nothing, and has both families', (t) => {
  t.deepEqual(bootstrapFile('bootstrap: file'), { 'cluster-config': { network: ON, dns: ON }, ...BOTH });
});

test('features that are written are those of the file', (t) => {
  t.deepEqual(bootstrapFile('features: [network, metrics-server]'), {
    'cluster-config': { network: ON, 'metrics-server': ON },
    ...BOTH,
  });
});

test('ranges that nobody wrote are left out where the program has the same; what is written is in the file', (t) => {
  const features = { 'cluster-config': { network: ON, dns: ON } };
  t.deepEqual(bootstrapFile('network: { families: [IPv4] }'), features);
  t.deepEqual(bootstrapFile('network: { families: [IPv4], services: [10.152.183.0/24] }'), {
    ...features,
    'service-cidr': '10.152.183.0/24',
  });
  t.deepEqual(bootstrapFile('network: { families: [IPv6] }'), {
    ...features,
    'pod-cidr': 'fd01::/108',
    'service-cidr': 'fd98::/108',
  });
});

test('IPv6 alone: every node is told where to look for its address, when it is bootstrapped and when it joins', (t) => {
  const told = (text: string): string[] =>
    actionsOf(planOf(`nodes: { workers: 1 }\n${text}`)).flatMap((action) => {
      if (action.kind !== 'exec' && action.kind !== 'dialogue') return [];
      const words = action.args.join(' ');
      return /bootstrap --|join-cluster/.test(words) && words.includes('--address ::/0') ? [action.node] : [];
    });
  const all = ['ts-k7f3q2-control-plane-1', 'ts-k7f3q2-worker-1'];
  t.deepEqual(told('network: { families: [IPv6] }'), all);
  t.deepEqual(told('network: { families: [IPv6] }\nbootstrap: interactive'), all);
  t.deepEqual(told(''), []);
  t.deepEqual(told('network: { families: [IPv4] }'), []);
});

test('a join token is in no argument and in a file for root alone', (t) => {
  const actions = actionsOf(planOf('nodes: { controlPlanes: 2, workers: 1 }'));
  const words = actions.flatMap((action) => (action.kind === 'exec' ? [action.file, ...action.args] : []));
  t.false(words.some((word) => word.includes('{{secret')));
  const files = actions.flatMap((action) => (action.kind === 'write-files' ? action.files : []));
  const tokens = files.filter(({ content }) => content.includes('{{secret'));
  t.is(tokens.length, 2);
  for (const { mode } of tokens) t.is(mode, 0o600);
});
