import test from 'ava';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';

// What `lint` says of a scenario for k8s-snap: each refusal of its program that a file gives away, on both sides of its border, in the
// program's own words; and nothing about programs that this scenario has nothing to do with.

/** What is wrong, as `rule path: message`. */
function told(text: string): string[] {
  return parseScenario(
    `name: x\nbinary: ./k8s\ndistribution: { name: k8s-snap }\n${text}`,
    'x.yaml',
  ).problems.map(({ rule, path, message }) => `${rule} ${path}: ${message}`);
}

const ASKED = 'bootstrap: interactive\n';
const network = (pods: string, services: string, more = ''): string =>
  `network: { pods: [${pods}], services: [${services}]${more} }`;
const services = (range: string): string => network('10.1.0.0/16, fd01::/108', `10.152.183.0/24, ${range}`);
const pods = (range: string): string => network(`${range}, fd01::/108`, '10.152.183.0/24, fd98::/108');
const TOO_LARGE =
  'k8s bootstrap would refuse it: "invalid service CIDR: service CIDR … cannot be larger than /108"';
const UNREADABLE = (text: string): string =>
  `k8s bootstrap would refuse it: "invalid pod CIDR: ${text} is not a valid CIDR: invalid CIDR address: …"`;
const NO_OPTION = 'k8s bootstrap would ask again: "… is not a valid option."';
const NO_FIELD = 'k8s bootstrap would refuse the file: "field … not found in type …"';

const CASES: readonly (readonly [text: string, rule: string | null, words?: string])[] = [
  // An IPv6 service range is /108 or longer; an IPv4 one is not the program's affair.
  [services('fd98::/64'), 'service-cidr-size network.services[1]', TOO_LARGE],
  [services('fd98::/96'), 'service-cidr-size network.services[1]', TOO_LARGE],
  [services('fd98::/107'), 'service-cidr-size network.services[1]', TOO_LARGE],
  [services('fd98::/108'), null],
  [services('fd98::/112'), null],
  [network('10.1.0.0/16, fd01::/108', '172.16.0.0/12, fd98::/108'), null],
  [
    network('10.1.0.0/16, fd01::/108', '172.32.0.0/11, fd98::/108'),
    'service-cidr-size network.services[0]',
    'k8s bootstrap would accept it; it is the limit of kube-apiserver',
  ],
  // kubeadm has a smallest size, the program none.
  [services('fd98::/124'), null],
  [services('fd98::/125'), 'service-cidr-size network.services[1]', 'k8s bootstrap would accept it, and'],
  [pods('10.1.0.0/28'), null],
  [pods('10.1.0.0/29'), 'pod-cidr-size network.pods[0]', 'k8s bootstrap would accept it, and'],
  // Pods and services of a family are apart.
  [
    network('10.152.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108'),
    'overlap network.services[0]',
    '"invalid cidr configuration: pod CIDR "10.152.0.0/16,fd01::/108" and service CIDR "10.152.183.0/24,fd98::/108" overlap"',
  ],
  [network('10.153.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108'), null],
  [
    network('10.1.0.0/16, fd98::/107', '10.152.183.0/24, fd98::10:0/108'),
    'overlap network.services[1]',
    'overlap"',
  ],
  [
    network('10.152.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108').replace(/, services.*\]/, ''),
    'overlap network.pods[0]',
    'the default of network.services[0]',
  ],
  // The range of the nodes is known to us alone.
  [
    `network: { bridge: { ipv4: 10.1.3.0/24 } }`,
    'overlap network.bridge.ipv4',
    '(nodes could not reach one of the two)',
  ],
  // Notation.
  [pods('"10.1.0.0/16\\r"'), 'cidr-syntax network.pods[0]', UNREADABLE('"10.1.0.0/16\\r"')],
  [`${ASKED}${pods('"10.1.0.0/16\\r"')}`, 'cidr-syntax network.pods[0]', UNREADABLE('"10.1.0.0/16\\r"')],
  [pods('ten'), 'cidr-syntax network.pods[0]', UNREADABLE('"ten"')],
  [pods('10.1.0.0'), 'cidr-syntax network.pods[0]', UNREADABLE('"10.1.0.0"')],
  [pods('10.1.0.0/33'), 'cidr-syntax network.pods[0]', UNREADABLE('"10.1.0.0/33"')],
  [pods('" 10.1.0.0/16"'), 'cidr-syntax network.pods[0]', UNREADABLE('" 10.1.0.0/16"')],
  [
    `${ASKED}${pods('" 10.1.0.0/16"')}`,
    'cidr-syntax network.pods[0]',
    'k8s bootstrap takes spaces out of what it is answered',
  ],
  [`${ASKED}${pods('" ten"')}`, 'cidr-syntax network.pods[0]', UNREADABLE('" ten"')],
  [pods('10.1.0.1/16'), 'cidr-syntax network.pods[0]', '(k8s bootstrap would accept it)'],
  [
    services('"fd98::/108 "'),
    'cidr-syntax network.services[1]',
    '"invalid service CIDR: "fd98::/108 " is not a valid CIDR',
  ],
  // Two ranges of one family.
  [
    network('10.1.0.0/16, 10.2.0.0/16', '10.152.183.0/24, fd98::/108'),
    'duplicate-family network.pods[1]',
    'k8s bootstrap would accept it, and there would be no range for IPv6 pods',
  ],
  [
    network('10.1.0.0/16, fd01::/108', 'fd98::/108, fd99::/108'),
    'duplicate-family network.services[1]',
    'kube-apiserver refuse it: "… must be of different IP family"',
  ],
  // How pod ranges are dealt out is its network's affair.
  [network('10.1.0.0/16, fd01::/80', '10.152.183.0/24, fd98::/108'), null],
  [network('11.0.0.0/7, fd01::/117', '10.152.183.0/24, fd98::/108'), 'cidr-syntax network.pods[0]'],
  [network('12.0.0.0/7, fd01::/117', '10.152.183.0/24, fd98::/108', ', bridge: {}'), null],
  [
    network('10.1.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108', ', nodeMasks: { ipv6: 117 }'),
    'distribution-option network.nodeMasks',
    'its own network deals the pod range out',
  ],
  ['cni: { name: bridge }', 'distribution-option cni', 'it brings its own network'],
  // Features.
  ['features: [network, gateway]', null],
  ['features: [gateway]', 'feature-network features[0]', '"gateway requires network to be enabled"'],
  ['features: [network, ingress]', null],
  ['features: [ingress, dns]', 'feature-network features[0]', '"ingress requires network to be enabled"'],
  [`${ASKED}features: [foo]`, 'feature-name features[0]', NO_OPTION],
  ['features: [foo]', 'feature-name features[0]', NO_FIELD],
  ['features: [metrics-server]', null],
  [`${ASKED}features: [metrics-server]`, 'feature-name features[0]', NO_OPTION],
  [`${ASKED}features: [dns]`, null],
  [
    `${ASKED}features: [DNS]`,
    'feature-name features[0]',
    'k8s bootstrap would take it for dns; names are written here as it documents them',
  ],
  [`${ASKED}features: [" dns "]`, 'feature-name features[0]', 'k8s bootstrap would take it for dns;'],
  [`${ASKED}features: ["dns, network"]`, 'feature-name features[0]', 'take it for dns and network;'],
  [`${ASKED}features: ["dns,"]`, 'feature-name features[0]', NO_OPTION],
  [`${ASKED}features: ["dns\\r"]`, 'feature-name features[0]', `"dns\\r" is no feature here`],
  ['features: [DNS]', 'feature-name features[0]', NO_FIELD],
  // IPv6 first is a warning, with its source.
  [
    network('fd01::/108, 10.1.0.0/16', 'fd98::/108, 10.152.183.0/24'),
    'snap-family-order network.services[0]',
    'canonical/k8s-snap#986',
  ],
  ['network: { primaryFamily: IPv6 }', 'snap-family-order network.services[0]', 'not confirmed'],
  [
    network('10.1.0.0/16, fd01::/108', '10.152.183.0/24, fd98::/108', ', primaryFamily: IPv6'),
    'primary-family network.primaryFamily',
    'k8s bootstrap is told of ranges alone, and their order decides',
  ],
  ['network: { families: [IPv6] }', null],
  ['network: { families: [IPv4] }', null],
];

for (const [text, rule, words = ''] of CASES) {
  test(`${text.replaceAll('\n', '; ')} → ${rule ?? 'accepted'}`, (t) => {
    const messages = told(text);
    t.deepEqual(
      messages.map((message) => message.slice(0, message.indexOf(': '))),
      rule === null ? [] : [rule],
      messages.join('\n'),
    );
    const [message = ''] = messages;
    t.true(message.includes(words), message);
    t.notRegex(message, /kubeadm/);
  });
}

test('IPv6 first is told and runs all the same', (t) => {
  const { scenario, problems } = parseScenario(
    'name: x\nbinary: ./k8s\ndistribution: { name: k8s-snap }\nnetwork: { primaryFamily: IPv6 }',
    'x.yaml',
  );
  t.deepEqual(
    problems.map(({ severity }) => severity),
    ['warning'],
  );
  t.is(scenario?.network.services[0], 'fd98::/108');
});
