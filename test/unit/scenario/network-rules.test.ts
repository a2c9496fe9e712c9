import test from 'ava';
import { networkFindings } from './findings.ts';

const PODS = 'pods: [10.1.0.0/16, fd01::/108]';
const SERVICES = 'services: [10.152.183.0/24, fd98::/108]';

type Case = readonly [network: string, expected: readonly string[], rest?: string];

function cases(title: string, table: readonly Case[]): void {
  for (const [network, expected, rest = ''] of table) {
    test(`${title}: ${network} ${rest}`, (t) => {
      t.deepEqual(networkFindings(network, rest), expected);
    });
  }
}

cases('service-cidr-size', [
  ['services: [10.152.183.0/24, fd98::/107]', ['service-cidr-size network.services[1]']],
  ['services: [10.152.183.0/24, fd98::/108]', []],
  ['services: [10.152.183.0/24, fd98::/124]', []],
  ['services: [10.152.183.0/24, fd98::/125]', ['service-cidr-size network.services[1]']],
  ['services: [172.32.0.0/11, fd98::/108]', ['service-cidr-size network.services[0]']],
  ['services: [172.32.0.0/12, fd98::/108]', []],
  ['services: [10.152.183.0/28, fd98::/108]', []],
  ['services: [10.152.183.0/29, fd98::/108]', ['service-cidr-size network.services[0]']],
  [
    'services: [172.32.0.0/11, fd98::/64]',
    ['service-cidr-size network.services[0]', 'service-cidr-size network.services[1]'],
  ],
]);

cases('pod-cidr-size', [
  ['pods: [10.1.0.0/28, fd01::/108], nodeMasks: { ipv4: 28 }', []],
  ['pods: [10.1.0.0/29, fd01::/108], nodeMasks: { ipv4: 29 }', ['pod-cidr-size network.pods[0]']],
  ['pods: [10.1.0.0/16, fd01::/124], nodeMasks: { ipv6: 124 }', []],
  ['pods: [10.1.0.0/16, fd01::/125]', ['pod-cidr-size network.pods[1]']],
]);

cases('node-mask-required', [
  ['pods: [10.1.0.0/16, fd01::/47]', ['node-mask-required network.pods[1]']],
  ['pods: [10.1.0.0/16, fd01::/48]', []],
  ['pods: [10.1.0.0/16, fd01::/64]', []],
  ['pods: [10.1.0.0/16, fd01::/65]', ['node-mask-required network.pods[1]']],
  ['pods: [10.1.0.0/16, fd01::/100]', ['node-mask-required network.pods[1]']],
  ['pods: [10.1.0.0/16, fd01::/101]', []],
  ['pods: [10.1.0.0/16, fd01::/117]', []],
  ['pods: [10.1.0.0/16, fd01::/118]', ['node-mask-required network.pods[1]']],
  ['pods: [10.1.0.0/16, fd01::/80], nodeMasks: { ipv6: 96 }', []],
]);

cases('node-mask-range', [
  [`${PODS}, nodeMasks: { ipv4: 15 }`, ['node-mask-range network.nodeMasks.ipv4']],
  [`${PODS}, nodeMasks: { ipv4: 16 }`, []],
  [`${PODS}, nodeMasks: { ipv4: 28 }`, []],
  [`${PODS}, nodeMasks: { ipv4: 29 }`, ['node-mask-range network.nodeMasks.ipv4']],
  ['pods: [11.0.0.0/8, fd01::/108], nodeMasks: { ipv4: 24 }', []],
  ['pods: [11.0.0.0/8, fd01::/108], nodeMasks: { ipv4: 25 }', ['node-mask-range network.nodeMasks.ipv4']],
  [`${PODS}, nodeMasks: { ipv6: 107 }`, ['node-mask-range network.nodeMasks.ipv6']],
  [`${PODS}, nodeMasks: { ipv6: 108 }`, []],
  [`${PODS}, nodeMasks: { ipv6: 124 }`, []],
  [`${PODS}, nodeMasks: { ipv6: 125 }`, ['node-mask-range network.nodeMasks.ipv6']],
  ['pods: [10.1.0.0/16, fd01::/48], nodeMasks: { ipv6: 64 }', []],
  ['pods: [10.1.0.0/16, fd01::/48], nodeMasks: { ipv6: 65 }', ['node-mask-range network.nodeMasks.ipv6']],
  ['pods: [10.1.0.0/24, fd01::/108]', []],
  ['pods: [10.1.0.0/25, fd01::/108]', ['node-mask-range network.pods[0]']],
  ['pods: [12.0.0.0/7, fd01::/108]', ['node-mask-range network.pods[0]']],
]);

cases('node-count', [
  [`${PODS}, bridge: { ipv4: 10.88.0.0/22 }`, [], 'nodes: { workers: 255 }'],
  [`${PODS}, bridge: { ipv4: 10.88.0.0/22 }`, ['node-count nodes.workers'], 'nodes: { workers: 256 }'],
  [PODS, [], 'nodes: { workers: 243 }'],
  [PODS, ['node-count nodes.workers'], 'nodes: { workers: 244 }'],
  [`${PODS}, bridge: { ipv4: 10.88.0.0/28 }`, [], 'nodes: { workers: 3 }'],
  [`${PODS}, bridge: { ipv4: 10.88.0.0/28 }`, ['node-count network.bridge.ipv4'], 'nodes: { workers: 4 }'],
  ['pods: [10.1.0.0/16, fd01::/117]', [], 'nodes: { workers: 0 }'],
  ['pods: [10.1.0.0/16, fd01::/117]', ['node-count nodes.workers'], 'nodes: { workers: 1 }'],
  ['pods: [10.1.0.0/23, fd01::/108]', [], 'nodes: { workers: 1 }'],
  ['pods: [10.1.0.0/23, fd01::/108]', ['node-count nodes.workers'], 'nodes: { workers: 2 }'],
  ['pods: [10.1.0.0/16, fd01::/64]', ['node-count nodes.workers'], 'nodes: { workers: 1 }'],
  ['pods: [10.1.0.0/16, fd01::/63]', [], 'nodes: { workers: 1 }'],
  ['families: [IPv6], pods: [fd01::/108]', [], 'nodes: { workers: 300 }'],
  ['families: [IPv6], pods: [fd01::/108]', ['node-count nodes.workers'], 'nodes: { workers: 512 }'],
]);

cases('bridge-size', [
  ['bridge: { ipv6: "fd42::/63" }', ['bridge-size network.bridge.ipv6']],
  ['bridge: { ipv6: "fd42::/64" }', []],
  ['bridge: { ipv6: "fd42::/65" }', ['bridge-size network.bridge.ipv6']],
  ['bridge: { ipv4: 10.88.0.0/15 }', ['bridge-size network.bridge.ipv4']],
  ['bridge: { ipv4: 10.88.0.0/16 }', []],
  ['bridge: { ipv4: 10.88.0.0/28 }', []],
  ['bridge: { ipv4: 10.88.0.0/29 }', ['bridge-size network.bridge.ipv4', 'node-count network.bridge.ipv4']],
]);

cases('missing-family', [
  ['pods: [10.1.0.0/16]', ['missing-family network.pods']],
  ['services: ["fd98::/108"]', ['missing-family network.services']],
  [
    'pods: [10.1.0.0/16], services: [10.2.0.0/16]',
    ['missing-family network.pods', 'missing-family network.services'],
  ],
  ['families: [IPv4]', []],
  ['families: [IPv6]', []],
  ['families: [IPv4, IPv6]', []],
  ['families: [IPv4], pods: [10.1.0.0/16], services: [10.2.0.0/16]', []],
  ['families: [IPv6], pods: ["fd01::/108"], services: ["fd98::/108"]', []],
  [`families: [IPv4], ${PODS}`, ['missing-family network.pods[1]']],
  ['families: [IPv4], pods: ["fd01::/108"]', ['missing-family network.pods[0]']],
  ['families: [IPv4], bridge: { ipv6: "fd42::/64" }', ['missing-family network.bridge.ipv6']],
  ['families: [IPv4], nodeMasks: { ipv6: 117 }', ['missing-family network.nodeMasks.ipv6']],
  ['families: [IPv4], primaryFamily: IPv6', ['missing-family network.primaryFamily']],
  ['families: [IPv4], primaryFamily: IPv4', []],
]);

cases('duplicate-family', [
  ['pods: [10.1.0.0/16, 10.2.0.0/16]', ['duplicate-family network.pods[1]']],
  ['services: ["fd98::/108", "fd99::/108"]', ['duplicate-family network.services[1]']],
  ['pods: [10.1.0.0/16, 10.1.0.0/16]', ['duplicate-family network.pods[1]']],
]);

cases('bridge-family', [
  ['bridge: { ipv4: "fd42::/64" }', ['bridge-family network.bridge.ipv4']],
  ['bridge: { ipv6: 10.88.0.0/24 }', ['bridge-family network.bridge.ipv6']],
  ['bridge: { ipv4: 10.88.0.0/24, ipv6: "fd42::/64" }', []],
]);

const V6_FIRST = 'pods: [fd01::/108, 10.1.0.0/16], services: [fd98::/108, 10.152.183.0/24]';

cases('primary-family', [
  [V6_FIRST, []],
  [`${V6_FIRST}, primaryFamily: IPv6`, []],
  [`families: [IPv4, IPv6], ${V6_FIRST}`, []],
  [`${V6_FIRST}, primaryFamily: IPv4`, ['primary-family network.primaryFamily']],
  [`${SERVICES}, primaryFamily: IPv4`, []],
  [`${SERVICES}, primaryFamily: IPv6`, ['primary-family network.primaryFamily']],
  ['primaryFamily: IPv6', []],
  ['pods: [fd01::/108, 10.1.0.0/16]', []],
  ['services: [fd98::/108, 10.152.183.0/24]', []],
  [`pods: [fd01::/108, 10.1.0.0/16], ${SERVICES}`, ['primary-family network.pods']],
  [
    `pods: [fd01::/108, 10.1.0.0/16], ${SERVICES}, primaryFamily: IPv6`,
    ['primary-family network.services', 'primary-family network.primaryFamily'],
  ],
  [
    `pods: [fd01::/108, 10.1.0.0/16], ${SERVICES}`,
    ['primary-family network.pods'],
    'binary: ./k8s\ndistribution: { name: k8s-snap }',
  ],
  [
    `pods: [fd01::/108, 10.1.0.0/16], ${SERVICES}`,
    ['range-order network.pods'],
    'distribution: { name: k0s, version: 1.36.3+k0s.2 }',
  ],
  [`${SERVICES}, primaryFamily: IPv6`, [], 'distribution: { name: k0s, version: 1.36.3+k0s.2 }'],
]);

cases('overlap', [
  ['pods: [10.152.0.0/16, fd01::/108]', ['overlap network.pods[0]']],
  [`pods: [10.152.0.0/16, fd01::/108], ${SERVICES}`, ['overlap network.services[0]']],
  ['pods: [10.153.0.0/16, fd01::/108]', []],
  ['pods: [10.1.0.0/16, fd98::/107]', ['overlap network.pods[1]']],
  ['services: [10.1.255.0/24, fd98::/108]', ['overlap network.services[0]']],
  ['services: [10.2.0.0/24, fd98::/108]', []],
  ['bridge: { ipv4: 10.1.3.0/24 }', ['overlap network.bridge.ipv4']],
  ['bridge: { ipv6: "fd98::/64" }', ['overlap network.bridge.ipv6']],
  ['bridge: { ipv6: "fd98:0:0:1::/64" }', []],
]);

cases('cidr-syntax', [
  ['pods: [10.1.0.1/16, fd01::/108]', ['cidr-syntax network.pods[0]']],
  ['pods: [010.1.0.0/16, fd01::/108]', ['cidr-syntax network.pods[0]']],
  ['pods: ["", fd01::/108]', ['cidr-syntax network.pods[0]']],
  ['services: [10.152.183.0/24, fd98::1/108]', ['cidr-syntax network.services[1]']],
  ['services: [10.152.183.0/24, "::ffff:10.0.0.0/120"]', ['cidr-syntax network.services[1]']],
  ['bridge: { ipv4: 10.88.0.1/24 }', ['cidr-syntax network.bridge.ipv4']],
]);

cases('reserved-range', [
  ['pods: [127.0.0.0/16, fd01::/108]', ['reserved-range network.pods[0]']],
  ['pods: [0.0.0.0/16, fd01::/108]', ['reserved-range network.pods[0]']],
  ['pods: [169.254.0.0/16, fd01::/108]', ['reserved-range network.pods[0]']],
  ['pods: [169.253.0.0/16, fd01::/108]', []],
  ['pods: [224.0.0.0/16, fd01::/108]', ['reserved-range network.pods[0]']],
  ['pods: [223.255.0.0/16, fd01::/108]', []],
  ['pods: [240.0.0.0/16, fd01::/108]', ['reserved-range network.pods[0]']],
  ['pods: [10.1.0.0/16, "fe80::/108"]', ['reserved-range network.pods[1]']],
  ['pods: [10.1.0.0/16, "fec0::/108"]', []],
  ['pods: [10.1.0.0/16, "ff00::/108"]', ['reserved-range network.pods[1]']],
  ['pods: [10.1.0.0/16, "::/108"]', ['reserved-range network.pods[1]']],
  ['pods: [10.1.0.0/16, "::/64"]', ['reserved-range network.pods[1]']],
  ['pods: [192.0.2.0/24, 2001:db8::/108]', []],
  ['bridge: { ipv4: 169.254.3.0/24 }', ['reserved-range network.bridge.ipv4']],
]);
