import test from 'ava';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { formatProblem } from '../../../src/scenario/problem.ts';

const FILE = 'name: x\nnetwork:\n  pods: [10.1.0.0/16, fd01::/108]\n';

function overridden(overrides: readonly string[], text = FILE) {
  return parseScenario(text, 'x.yaml', { overrides });
}

function lines(overrides: readonly string[], text = FILE): string[] {
  return overridden(overrides, text).problems.map(formatProblem);
}

test('values are read as YAML and take the place of what is written', (t) => {
  const { scenario } = overridden([
    'nodes.workers=2',
    'network.pods[0]=10.7.0.0/16',
    'network.services=[10.2.0.0/24, fd99::/108]',
    'egress=blocked',
    'featureGates.AllAlpha=true',
    "description=''",
    'extraArgs.kubelet.max-pods="50"',
    'timeout=90s',
    'name=first',
    'name=last',
  ]);
  t.like(scenario, {
    name: 'last',
    nodes: { controlPlanes: 1, workers: 2 },
    egress: 'blocked',
    featureGates: { AllAlpha: true },
    description: '',
    extraArgs: { kubelet: { 'max-pods': '50' } },
    timeoutMs: 90_000,
  });
  t.deepEqual(scenario?.network.pods, ['10.7.0.0/16', 'fd01::/108']);
  t.deepEqual(scenario?.network.services, ['10.2.0.0/24', 'fd99::/108']);
});

test('a list grows at its end', (t) => {
  t.deepEqual(
    overridden(['network.pods[1]=fd05::/108'], 'network: { pods: [10.5.0.0/16] }').scenario?.network.pods,
    ['10.5.0.0/16', 'fd05::/108'],
  );
});

test('an override can mend a file', (t) => {
  t.deepEqual(lines(['nodes={ workers: 1 }'], 'name: x\nnodes: 3\n'), []);
  t.deepEqual(lines(['network.pods=[10.1.0.0/16, fd01::/108]'], 'name: x\nnetwork:\n'), []);
});

test('what an override brings is positioned at --set, the rest where it is', (t) => {
  t.deepEqual(lines(['network.services=[10.2.0.0/24, fd99::1/108]']), [
    '--set:1:1 network.services[1]: fd99::1/108 is not the first address of its range (it has host bits set): write fd99::/108 (rule cidr-syntax)',
  ]);
  t.deepEqual(lines(['node.workers=1', 'egress=closed'], 'name: X\n'), [
    '--set:1:1 egress: expected one of open, blocked, got the text "closed" (rule schema)',
    '--set:1:1 node: unknown key "node"; did you mean nodes? (rule schema)',
    'x.yaml:1:7 name: "X" is not made of lower-case letters, digits and dashes between them: write x (rule name)',
  ]);
});

const refusals: readonly (readonly [override: string, message: string])[] = [
  ['nodes', 'nodes has no value: write path=value, such as nodes.workers=2'],
  ['=1', ' is no path: write keys with dots between and items as [0], such as network.pods[0]'],
  [
    'nodes..workers=1',
    'nodes..workers is no path: write keys with dots between and items as [0], such as network.pods[0]',
  ],
  [
    'network.pods[x]=1',
    'network.pods[x] is no path: write keys with dots between and items as [0], such as network.pods[0]',
  ],
];

for (const [override, message] of refusals) {
  test(`refuses --set ${override}`, (t) => {
    t.deepEqual(lines([override]), [`--set:1:1 ${message} (rule override)`]);
  });
}

const misplaced: readonly (readonly [override: string, path: string, message: RegExp])[] = [
  ['nodes.workers=', 'nodes.workers', /^a value is missing after the =/],
  ['name.first=x', 'name.first', /^name is a single value and has no keys/],
  [
    'network.pods.first=x',
    'network.pods.first',
    /^network\.pods is a list: name an item as network\.pods\[0\]/,
  ],
  [
    'network.pods[3]=x',
    'network.pods[3]',
    /^network\.pods has 2 items, counted from 0: the next one is \[2\]/,
  ],
  ['network[0]=x', 'network[0]', /^network is not a list/],
  ['network.services[1]=x', 'network.services[1]', /^the file has no such list, so write the whole list/],
  ['nodes={', 'nodes', /^\{: not YAML/],
  ['nodes=*x', 'nodes', /refers to an anchor/],
];

for (const [override, path, message] of misplaced) {
  test(`refuses --set ${override}, which leads nowhere`, (t) => {
    const { problems, scenario } = overridden([override]);
    t.is(scenario, null);
    t.like(problems[0], { rule: 'override', path, position: { file: '--set', line: 1, column: 1 } });
    t.regex(problems[0]?.message ?? '', message);
  });
}
