import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import test from 'ava';
import { stringify } from 'yaml';
import { calicoEnvironment, calicoPools } from '../../../src/cni/calico-environment.ts';
import { calicoManifestProblems, renderCalico } from '../../../src/cni/calico-manifest.ts';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { formatProblem } from '../../../src/scenario/problem.ts';
import { readManifest } from '../../../src/scenario/read-manifest.ts';
import type { ManifestObject } from '../../../src/scenario/manifest.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

const FIXTURES = new URL('../../fixtures/cni/', import.meta.url);
const SHAPED = readFileSync(new URL('calico-shaped.yaml', FIXTURES), 'utf8');
const schema = (name: string) =>
  new Ajv({ strict: false }).compile(JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8')) as object);
const acceptsPool = schema('ippool.schema.json');
const acceptsObject = schema('kubernetes-objects.schema.json');

function objectsOf(text: string): readonly ManifestObject[] {
  return readManifest(text, { file: 'calico.yaml', network: null }).objects;
}

function scenario(cni: string, network = ''): Scenario {
  const text = `network: { ${network} }\ncni: { name: calico, manifest: calico.yaml, ${cni} }`;
  const parsed = parseScenario(text, 'x.yaml');
  if (parsed.scenario === null) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.scenario;
}

const FAMILIES = { dual: '', ipv4: 'families: [IPv4]', ipv6: 'families: [IPv6]' };

/** What the manifest is changed to: the objects that are not as they were. */
function changed(rendered: readonly ManifestObject[], written: readonly ManifestObject[]): ManifestObject[] {
  return rendered.filter((object, index) => object !== written[index]);
}

for (const mode of ['bird', 'vxlan']) {
  for (const [name, network] of Object.entries(FAMILIES)) {
    test(`calico, ${mode}, ${name}: as recorded, and as Kubernetes and Calico take it`, (t) => {
      const wanted = scenario(`mode: ${mode}`, network);
      const written = objectsOf(SHAPED);
      const rendered = renderCalico(written, wanted);
      const text = changed(rendered, written)
        .map(({ content }) => stringify(content))
        .join('---\n');
      t.is(text, readFileSync(new URL(`calico-${mode}-${name}.yaml`, FIXTURES), 'utf8'));
      for (const { content, name: object } of rendered)
        t.true(acceptsObject(content), `${object}: ${JSON.stringify(acceptsObject.errors)}`);
      for (const { family, ...pool } of calicoPools(wanted))
        t.true(acceptsPool(pool), `${family}: ${JSON.stringify(acceptsPool.errors)}`);
      t.is(calicoPools(wanted).length, wanted.network.families.length);
    });
  }
}

test('the schema of pools takes no block that is too large, and not two tunnels', (t) => {
  const pool = {
    cidr: '10.1.0.0/16',
    blockSize: 26,
    ipipMode: 'Never',
    vxlanMode: 'Never',
    natOutgoing: true,
  };
  t.true(acceptsPool(pool));
  for (const wrong of [
    { blockSize: 19 },
    { cidr: 'fd01::/108' },
    { cidr: 'fd01::/108', blockSize: 115 },
    { cidr: 'fd01::/108', blockSize: 122, ipipMode: 'Always' },
    { ipipMode: 'Always', vxlanMode: 'Always' },
  ])
    t.false(acceptsPool({ ...pool, ...wrong }), JSON.stringify(wrong));
});

test('what the manifest says already is not changed by a scenario of the same', (t) => {
  const wanted = scenario('mode: bird');
  const once = renderCalico(objectsOf(SHAPED), wanted);
  const text = once.map(({ content }) => stringify(content)).join('---\n');
  t.deepEqual(
    renderCalico(objectsOf(text), wanted).map(({ content }) => content),
    once.map(({ content }) => content),
  );
});

test('choices go into the environment, in the words of Calico', (t) => {
  t.like(
    calicoEnvironment(
      scenario(
        'mode: bird, overlay: CrossSubnet, natOutgoing: false, blockSizes: { ipv4: 28, ipv6: 124 }, autodetection: { ipv6: interface=eth0 }',
        'pods: ["fd01::/108", 10.1.0.0/16]',
      ),
    ),
    {
      IP_AUTODETECTION_METHOD: 'kubernetes-internal-ip',
      IP6_AUTODETECTION_METHOD: 'interface=eth0',
      CALICO_IPV4POOL_CIDR: '10.1.0.0/16',
      CALICO_IPV4POOL_BLOCK_SIZE: '28',
      CALICO_IPV4POOL_IPIP: 'CrossSubnet',
      CALICO_IPV4POOL_NAT_OUTGOING: 'false',
      CALICO_IPV6POOL_CIDR: 'fd01::/108',
      CALICO_IPV6POOL_BLOCK_SIZE: '124',
      CALICO_IPV6POOL_NAT_OUTGOING: 'false',
    },
  );
});

test('without a reference to the ConfigMap the backend is told by its name', (t) => {
  const text = SHAPED.replace(/ {12}- name: CALICO_NETWORKING_BACKEND\n.*\n/, '');
  t.not(text, SHAPED);
  const rendered = renderCalico(objectsOf(text), scenario('mode: vxlan'));
  t.regex(JSON.stringify(rendered), /\{"name":"CALICO_NETWORKING_BACKEND","value":"vxlan"\}/);
});

const lacking: [string, (text: string) => string, string][] = [
  [
    'no ConfigMap',
    (text) => text.replace('name: calico-config\n', 'name: config\n'),
    'calico.yaml:1:1 has no ConfigMap calico-config, which holds',
  ],
  [
    'no DaemonSet',
    (text) => text.replace('kind: DaemonSet', 'kind: Deployment'),
    'calico.yaml:1:1 has no DaemonSet calico-node, which is told',
  ],
  [
    'no container',
    (text) => text.replace('- name: calico-node\n          image', '- name: node\n          image'),
    'calico.yaml:66:9 DaemonSet calico-node has no container calico-node',
  ],
  [
    'no network configuration',
    (text) => text.replace('cni_network_config: |-', 'cni_network: |-'),
    'calico.yaml:13:3 ConfigMap calico-config has no data.cni_network_config',
  ],
  [
    'a network configuration that is no JSON',
    (text) => text.replace('"name": "k8s-pod-network",', '"name": k8s,'),
    'calico.yaml:17:23 data.cni_network_config of calico-config is no JSON object',
  ],
  [
    'addresses from elsewhere',
    (text) => text.replace('calico-ipam', 'host-local'),
    'calico.yaml:17:23 data.cni_network_config of calico-config has no plugin calico whose ipam is calico-ipam',
  ],
];
for (const [name, change, start] of lacking) {
  test(`a manifest that lacks what has to be changed: ${name}`, (t) => {
    const text = change(SHAPED);
    t.not(text, SHAPED);
    const [problem = '', ...others] = calicoManifestProblems(objectsOf(text), 'calico.yaml').map(
      formatProblem,
    );
    t.true(problem.startsWith(start), problem);
    t.deepEqual(others, []);
  });
}

test('a manifest of the right shape is in order', (t) => {
  t.deepEqual(calicoManifestProblems(objectsOf(SHAPED), 'calico.yaml'), []);
});
