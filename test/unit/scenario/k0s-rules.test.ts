import test from 'ava';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';

// What `lint` says of a scenario for k0s: each refusal of k0s, and each thing that it accepts and that its components then die of, on both
// sides of its border.

/** What is wrong, as `rule path: message`. */
function told(text: string, version = '1.36.3+k0s.2'): string[] {
  return parseScenario(
    `name: x\ndistribution: { name: k0s, version: ${version} }\ncni: { name: bridge }\n${text}`,
    'x.yaml',
  ).problems.map(({ rule, path, message }) => `${rule} ${path}: ${message}`);
}

const network = (pods: string, services: string, more = ''): string =>
  `network: { pods: [${pods}], services: [${services}]${more} }`;
const services = (range: string): string => network('10.1.0.0/16, fd01::/108', `10.152.183.0/24, ${range}`);
const pods = (range: string, more = ''): string =>
  network(`10.1.0.0/16, ${range}`, '10.152.183.0/24, fd98::/108', more);
const ipv6 = (range: string): string =>
  `network: { families: [IPv6], pods: ['fd01::/108'], services: ['${range}'] }`;
const INVERTED = '"IPv6 service CIDR prefix must be <= 108"';

const CASES: readonly (readonly [text: string, rule: string | null, words?: string])[] = [
  // With two families the words mean the opposite of what they say.
  [
    services('fd98::/107'),
    'service-cidr-size network.services[1]',
    `in words that say the opposite: ${INVERTED}`,
  ],
  [services('fd98::/108'), null],
  [services('fd98::/112'), null],
  // With one family they mean it, and kube-apiserver takes nothing larger.
  [ipv6('fd98::/107'), 'service-cidr-size network.services[0]', 'k0s config validate would accept it'],
  [ipv6('fd98::/108'), null],
  [ipv6('fd98::/109'), 'k0s-service-range network.services[0]', INVERTED],
  [
    network('10.1.0.0/16, fd01::/108', '172.32.0.0/11, fd98::/108'),
    'service-cidr-size network.services[0]',
    'k0s config validate would accept it',
  ],
  [network('10.1.0.0/16, fd01::/108', '172.16.0.0/12, fd98::/108'), null],
  [services('fd98::/125'), 'service-cidr-size network.services[1]', 'k0s config validate would accept it'],
  // A node's share: k0s compares nothing, and its controller manager ends.
  [
    pods('fd01::/64', ', nodeMasks: { ipv6: 117 }'),
    'node-mask-range network.nodeMasks.ipv6',
    '"New CIDR set failed; the node CIDR size is too big"',
  ],
  [pods('fd01::/101', ', nodeMasks: { ipv6: 117 }'), null],
  [
    pods('fd01::/100', ', nodeMasks: { ipv6: 117 }'),
    'node-mask-range network.nodeMasks.ipv6',
    'k0s config validate would accept it',
  ],
  [
    pods('fd01::/118', ', nodeMasks: { ipv6: 117 }'),
    'node-mask-range network.nodeMasks.ipv6',
    '"mask size of cluster CIDR must be less than or equal',
  ],
  [pods('fd01::/117', ', nodeMasks: { ipv6: 117 }'), null],
  [pods('fd01::/64'), null],
  // Overlap, duplicates and notation.
  [
    network('10.152.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108'),
    'overlap network.services[0]',
    'k0s config validate would accept this',
  ],
  [network('10.153.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108'), null],
  [
    network('10.1.0.0/16, 10.2.0.0/16', '10.152.183.0/24, fd98::/108'),
    'duplicate-family network.pods[1]',
    'k0s.yaml has a field for one range of each family',
  ],
  [
    pods("' fd01::/108'"),
    'cidr-syntax network.pods[1]',
    'k0s config validate would refuse it: "… invalid CIDR address"',
  ],
  [pods('fd01::1/108'), 'cidr-syntax network.pods[1]', 'k0s config validate would accept it'],
  // The primary family is a field of its own, and the lists don't contradict each other.
  ['network: { primaryFamily: IPv6 }', null],
  [network('fd01::/108, 10.1.0.0/16', '10.152.183.0/24, fd98::/108'), 'range-order network.pods'],
  // Who is a node.
  [
    'nodes: { workers: 1, controllerRole: single }',
    'controller-role nodes.controllerRole',
    '"cannot join into a single node cluster"',
  ],
  ['nodes: { workers: 0, controllerRole: single }', null],
  [
    'nodes: { workers: 0, controllerRole: controller }',
    'controller-role nodes.controllerRole',
    'there would be none',
  ],
  ['nodes: { workers: 1, controllerRole: controller }', null],
  ['nodes: { workers: 0, controllerRole: controller+worker }', null],
  ['nodes: { workers: 1 }', null],
  ['nodes: { controlPlanes: 2, workers: 1 }', 'not-yet nodes.controlPlanes'],
  // A controller that is no node needs no share: 256 of them for 256 workers.
  [
    `nodes: { workers: 256, controllerRole: controller }\n${network('10.0.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108', ', bridge: { ipv4: 10.88.0.0/22 }')}`,
    null,
  ],
  [
    `nodes: { workers: 256, controllerRole: controller+worker }\n${network('10.0.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108', ', bridge: { ipv4: 10.88.0.0/22 }')}`,
    'node-count nodes.workers',
  ],
  // Where it comes from.
  ['install: release', null],
  ['install: release+airgap', null],
  ['binary: ./k0s', null],
  ['binary: ./k0s\ninstall: preinstalled', null],
  ['install: preinstalled\nimage: own.tar', null],
  ['install: preinstalled\nimage: local:mine', null],
  ['install: preinstalled', 'install-source install', 'k0s is in none of our node images'],
  [
    'binary: ./k0s\ninstall: release',
    'install-source binary',
    'a second source beside install, which is the release',
  ],
  ['install: 1.36-classic/stable', 'install-source install', 'k0s is no snap'],
  ['install: { snaps: [k8s.snap] }', 'install-source install', 'k0s is no snap'],
  // What it has no use for.
  ['bootstrap: interactive', 'distribution-option bootstrap', 'k0s asks none'],
  ['features: [dns]', 'distribution-option features', 'k0s has none'],
  ['dialogue: { mode: pty }', 'distribution-option dialogue', 'k0s asks nothing'],
];

for (const [text, rule, words = ''] of CASES) {
  test(`${text.replaceAll('\n', ' ')}: ${rule ?? 'nothing'}`, (t) => {
    const problems = told(text);
    if (rule === null) {
      t.deepEqual(problems, []);
      return;
    }
    t.is(problems.length, 1, problems.join('\n'));
    t.true(problems[0]?.startsWith(`${rule}:`), problems[0]);
    t.true(problems[0]?.includes(words), problems[0]);
  });
}

test('a version is a whole release where it is fetched, new enough, and of a Kubernetes that is known', (t) => {
  const first = (version: string, text = ''): string => told(text, version)[0] ?? '';
  t.is(first('1.36.3+k0s.2'), '');
  t.is(first('1.34.4+k0s.0'), '');
  t.regex(first('1.36.3'), /^k0s-version distribution\.version: .*such as 1\.36\.3\+k0s\.2$/);
  t.regex(first('1.36.3+k0s'), /^k0s-version distribution\.version/);
  t.is(first('1.36.3', 'binary: ./k0s'), '');
  t.is(first('1.36.3+mine', 'binary: ./k0s'), '');
  t.regex(first('1.34.0+k0s.0'), /^k0s-version distribution\.version: k0s 1\.34\.0\+k0s\.0 is too old/);
  t.regex(first('1.33.13+k0s.0', 'binary: ./k0s'), /primaryAddressFamily/);
  t.regex(first('1.34.1+k0s.0'), /^not-yet distribution\.version: Kubernetes 1\.34\.1/);
  t.regex(first('1.99.0+k0s.0'), /^not-yet distribution\.version: Kubernetes 1\.99\.0/);
});

test('a scenario that names no version says so at the name', (t) => {
  const { problems } = parseScenario('name: x\ndistribution: { name: k0s }\ncni: { name: bridge }', 'x.yaml');
  t.deepEqual(
    problems.map(({ rule, path, message }) => `${rule} ${path}: ${message}`),
    [
      'k0s-version distribution.name: k0s is fetched from its release, and none is named: write distribution.version, such as 1.36.3+k0s.2',
    ],
  );
});

test('a release is for k0s alone', (t) => {
  const of = (name: string): string[] =>
    parseScenario(`name: x\ndistribution: { name: ${name} }\ninstall: release`, 'x.yaml').problems.map(
      ({ rule, path }) => `${rule} ${path}`,
    );
  t.deepEqual(of('kubeadm'), ['distribution-option install']);
  t.deepEqual(of('k8s-snap'), ['install-source install']);
});

test('the role of a controller is for k0s alone', (t) => {
  for (const name of ['kubeadm', 'k8s-snap']) {
    const { problems } = parseScenario(
      `name: x\nnodes: { controllerRole: single }\ndistribution: { name: ${name} }\n${name === 'k8s-snap' ? 'binary: ./k8s' : ''}`,
      'x.yaml',
    );
    t.deepEqual(
      problems.map(({ rule, path }) => `${rule} ${path}`),
      ['distribution-option nodes.controllerRole'],
    );
  }
});
