import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import test from 'ava';
import { stringify } from 'yaml';
import { ciliumManifestProblems } from '../../../src/cni/cilium-manifest.ts';
import { ciliumValues } from '../../../src/cni/cilium-values.ts';
import { formatProblem } from '../../../src/scenario/problem.ts';
import { readManifest } from '../../../src/scenario/read-manifest.ts';
import { IPV4_ONLY, IPV6_ONLY, IPV6_PRIMARY, sampleScenario } from '../../support/sample-scenario.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

const FIXTURES = new URL('../../fixtures/cni/', import.meta.url);
const SHAPED = readFileSync(new URL('cilium-shaped.yaml', FIXTURES), 'utf8');
const accepts = new Ajv({ strict: false }).compile(
  JSON.parse(readFileSync(new URL('cilium-values.schema.json', FIXTURES), 'utf8')) as object,
);

const FAMILIES: readonly [string, Partial<Scenario>][] = [
  ['dual', {}],
  ['ipv4', IPV4_ONLY],
  ['ipv6', IPV6_ONLY],
];
for (const [name, change] of FAMILIES) {
  test(`cilium's values, ${name}: as recorded, and as its chart documents them`, (t) => {
    const values = ciliumValues(sampleScenario(change));
    t.is(stringify(values), readFileSync(new URL(`cilium-values-${name}.yaml`, FIXTURES), 'utf8'));
    t.true(accepts(values), JSON.stringify(accepts.errors));
  });
}

test('the schema of values takes no family without its pool', (t) => {
  const values = ciliumValues(sampleScenario());
  t.false(accepts({ ...values, ipv6NativeRoutingCIDR: undefined }));
  t.false(accepts({ ...ciliumValues(sampleScenario(IPV4_ONLY)), ipv6: { enabled: true } }));
  t.false(accepts({ ...values, ipv6: { enabled: 'true' } }));
});

function problemsOf(text: string, scenario: Scenario = sampleScenario()): string[] {
  const { objects } = readManifest(text, { file: 'cilium.yaml', network: null });
  return ciliumManifestProblems(objects, 'cilium.yaml', scenario).map(formatProblem);
}

test('a manifest with the ranges and masks of the scenario is in order, in whatever way it writes them', (t) => {
  t.deepEqual(problemsOf(SHAPED), []);
  t.deepEqual(problemsOf(SHAPED, sampleScenario(IPV6_PRIMARY)), []);
  t.deepEqual(problemsOf(SHAPED.replace('fd01::/108', 'fd01:0::/108')), []);
  t.deepEqual(problemsOf(SHAPED.replace("  enable-ipv4: 'true'\n", '')), [], 'the agent has it by default');
  t.deepEqual(problemsOf(SHAPED.replace("  cluster-pool-ipv4-mask-size: '24'\n", '')), [], 'as the operator');
});

const different: [string, string, string, string][] = [
  [
    'a family that is off',
    "enable-ipv6: 'true'",
    "enable-ipv6: 'false'",
    'cilium.yaml:8:16 enable-ipv6 is "false", and the scenario needs "true" (network.families is IPv4 and IPv6) (rule cni-manifest)',
  ],
  [
    'another range',
    'fd01::/108',
    'fd02::/108',
    'cilium.yaml:12:27 cluster-pool-ipv6-cidr is "fd02::/108", and the scenario needs "fd01::/108" (network.pods) (rule cni-manifest)',
  ],
  [
    'a second range',
    '10.1.0.0/16',
    '10.1.0.0/16 10.2.0.0/16',
    'cilium.yaml:10:27 cluster-pool-ipv4-cidr is "10.1.0.0/16 10.2.0.0/16", and the scenario needs "10.1.0.0/16" (network.pods) (rule cni-manifest)',
  ],
  [
    'another mask',
    "'117'",
    "'120'",
    'cilium.yaml:13:32 cluster-pool-ipv6-mask-size is "120", and the scenario needs "117" (network.nodeMasks.ipv6) (rule cni-manifest)',
  ],
  [
    'no mask, which is the default of the operator',
    "  cluster-pool-ipv6-mask-size: '117'\n",
    '',
    'cilium.yaml:7:3 cluster-pool-ipv6-mask-size is missing, and the scenario needs "117" (network.nodeMasks.ipv6) (rule cni-manifest)',
  ],
  [
    'no ConfigMap',
    'name: cilium-config',
    'name: config',
    "cilium.yaml:1:1 has no ConfigMap cilium-config, which Cilium's agent and operator read: name what helm template made of Cilium's chart, or write name: custom to apply it as it is (rule cni-manifest)",
  ],
];
for (const [name, from, to, expected] of different) {
  test(`a manifest that is for another cluster: ${name}`, (t) => {
    t.true(SHAPED.includes(from));
    t.deepEqual(problemsOf(SHAPED.replace(from, to)), [expected]);
  });
}

test('a family that was not asked for is off', (t) => {
  t.deepEqual(problemsOf(SHAPED, sampleScenario(IPV4_ONLY)), [
    'cilium.yaml:8:16 enable-ipv6 is "true", and the scenario needs "false" (network.families is IPv4) (rule cni-manifest)',
  ]);
});

test('shares that come from the nodes are not of pools', (t) => {
  const text = SHAPED.replace('ipam: cluster-pool', 'ipam: kubernetes').replace('fd01::/108', 'fd02::/108');
  t.deepEqual(problemsOf(text), []);
});
