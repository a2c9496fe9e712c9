import test from 'ava';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { findings } from './findings.ts';

type Case = readonly [text: string, expected: readonly string[]];

function cases(title: string, table: readonly Case[]): void {
  for (const [text, expected] of table) {
    test(`${title}: ${text}`, (t) => {
      t.deepEqual(findings(text), expected);
    });
  }
}

function promptWith(answer: string): string {
  return `dialogue: { prompts: [{ name: a, pattern: b, answer: "${answer}" }] }`;
}

cases('name', [
  ['name: a', []],
  [`name: ${'a'.repeat(40)}`, []],
  [`name: ${'a'.repeat(41)}`, ['name name']],
  ['name: a-1', []],
  ['name: 1a', []],
  ['name: a-', ['name name']],
  ['name: -a', ['name name']],
  ['name: A', ['name name']],
  ['name: a_b', ['name name']],
  ['name: a.b', ['name name']],
  ['name: ""', ['name name']],
]);

cases('extra-args', [
  ['extraArgs: { apiServer: { v: "4" } }', []],
  ['extraArgs: { apiServer: {} }', []],
  [
    'extraArgs: { controllerManager: { cluster-cidr: x } }',
    ['extra-args extraArgs.controllerManager.cluster-cidr'],
  ],
  [
    'extraArgs: { apiServer: { service-cluster-ip-range: x } }',
    ['extra-args extraArgs.apiServer.service-cluster-ip-range'],
  ],
  ['extraArgs: { kubelet: { node-ip: x } }', ['extra-args extraArgs.kubelet.node-ip']],
  [
    'extraArgs: { apiServer: { advertise-address: x } }',
    ['extra-args extraArgs.apiServer.advertise-address'],
  ],
  [
    'extraArgs: { controllerManager: { node-cidr-mask-size: x } }',
    ['extra-args extraArgs.controllerManager.node-cidr-mask-size'],
  ],
  [
    'extraArgs: { controllerManager: { node-cidr-mask-size-ipv6: x } }',
    ['extra-args extraArgs.controllerManager.node-cidr-mask-size-ipv6'],
  ],
  [
    'extraArgs: { controllerManager: { allocate-node-cidrs: "false" } }',
    ['extra-args extraArgs.controllerManager.allocate-node-cidrs'],
  ],
  ['extraArgs: { scheduler: { feature-gates: A=true } }', ['extra-args extraArgs.scheduler.feature-gates']],
  ['extraArgs: { scheduler: { --v: "4" } }', ['extra-args extraArgs.scheduler.--v']],
  ['extraArgs: { kubelet: { --node-ip: x } }', ['extra-args extraArgs.kubelet.--node-ip']],
  ['extraArgs: { kubelet: { max_pods: x } }', ['extra-args extraArgs.kubelet.max_pods']],
  ['extraArgs: { kubelet: { constructor: x } }', []],
  ['extraArgs: { kubelet: { max-pods: 50 } }', ['schema extraArgs.kubelet.max-pods']],
]);

cases('feature-gates', [
  ['featureGates: { AllAlpha: true }', []],
  ['featureGates: { allAlpha: true }', ['feature-gates featureGates.allAlpha']],
  ['featureGates: { All-Alpha: true }', ['feature-gates featureGates.All-Alpha']],
  ['featureGates: { A: "true" }', ['schema featureGates.A']],
]);

cases('provider-distribution', [
  ['provider: kind', []],
  [
    'provider: kind\ndistribution: { name: k0s, version: 1.36.3+k0s.2 }',
    ['provider-distribution distribution.name'],
  ],
  ['provider: incus\ndistribution: { name: k0s, version: 1.36.3+k0s.2 }', []],
]);

cases('expect', [
  ['expect: passed', []],
  ['expect: { check: service/nginx-dualstack/ipv6/from-node }', []],
  ['expect: { check: dns/kubernetes.default/ipv4/udp/AAAA }', []],
  ['expect: { check: pods/cluster/both/ready }', []],
  ['expect: { check: service/nginx/from-node }', ['expect expect.check']],
  ['expect: { check: service/nginx/ipv7/from-node }', ['expect expect.check']],
  ['expect: { check: service/nginx/ipv6/from-node/a/b }', ['expect expect.check']],
  ['expect: { check: service/nginx-ipv4/ipv6/from-node }', ['expect expect.check']],
  ['expect: { check: service//ipv6/from-node }', ['expect expect.check']],
  ['network: { families: [IPv4] }\nexpect: { check: service/nginx/ipv6/from-node }', ['expect expect.check']],
  ['network: { families: [IPv4] }\nexpect: { check: service/nginx/both/from-node }', ['expect expect.check']],
  ['network: { families: [IPv4] }\nexpect: { check: service/nginx/ipv4/from-node }', []],
  ['expect: { rule: no-such-rule }', ['expect expect.rule']],
  ['expect: { rule: overlap }', ['expect expect.rule']],
  ['expect: { rule: missing-family }\nnetwork: { pods: [10.1.0.0/16] }', ['missing-family network.pods']],
  ['expect: { check: a, rule: b }', ['schema expect']],
  ['expect: {}', ['schema expect']],
  ['expect: failed', ['schema expect']],
  ['expect: { rule: schema }\nworkerz: 1', ['schema workerz']],
]);

cases('test-name', [
  ['tests: [{ run: [x], name: smoke }, { run: [x] }, { run: [x] }]', []],
  ['tests: [{ run: [x], name: ipv6-test }]', []],
  ['tests: [{ run: [x], name: Smoke }]', ['test-name tests[0].name']],
  [`tests: [{ run: [x], name: ${'a'.repeat(40)} }]`, []],
  [`tests: [{ run: [x], name: ${'a'.repeat(41)} }]`, ['test-name tests[0].name']],
  ['tests: [{ run: [x], name: a }, { run: [y], name: a }]', ['test-name tests[1].name']],
]);

const SNAP = 'binary: ./k8s\ndistribution: { name: k8s-snap }';

cases('distribution-option', [
  ['bootstrap: interactive', ['distribution-option bootstrap']],
  ['dialogue: { mode: pty }', ['distribution-option dialogue']],
  ['features: [dns]', ['distribution-option features']],
  ['install: 1.36-classic/stable', ['distribution-option install']],
  ['binary: ./k8s', ['distribution-option binary']],
  [`${SNAP}\nbootstrap: interactive\ndialogue: { mode: pty }\nfeatures: [dns]\ninstall: preinstalled`, []],
  ['kubeProxy: { mode: iptables }\ncni: { name: bridge }', []],
  [`${SNAP}\nkubeProxy: { mode: iptables }`, ['distribution-option kubeProxy']],
  [`${SNAP}\nbinaries: { kubelet: ./kubelet }`, ['distribution-option binaries']],
  [`${SNAP}\nnetwork: { nodeMasks: { ipv4: 24 } }`, ['distribution-option network.nodeMasks']],
]);

cases('feature-name', [
  [`${SNAP}\nfeatures: [network, dns, gateway, ingress, local-storage, load-balancer]`, []],
  [`${SNAP}\nfeatures: [metrics-server]`, []],
  [`${SNAP}\nbootstrap: interactive\nfeatures: [metrics-server]`, ['feature-name features[0]']],
  [`${SNAP}\nfeatures: [foo]`, ['feature-name features[0]']],
  [`${SNAP}\nfeatures: ['dns ']`, ['feature-name features[0]']],
  [`${SNAP}\nfeatures: [dns, dns]`, ['schema features']],
]);

cases('feature-choice', [
  [`${SNAP}\nbootstrap: interactive\nfeatures: []`, ['feature-choice features']],
  [`${SNAP}\nbootstrap: interactive`, []],
  [`${SNAP}\nbootstrap: file\nfeatures: []`, []],
]);

cases('feature-network', [
  [`${SNAP}\nfeatures: [gateway, network]`, []],
  [`${SNAP}\nfeatures: [gateway]`, ['feature-network features[0]']],
  [`${SNAP}\nfeatures: [dns, ingress]`, ['feature-network features[1]']],
  [`${SNAP}\nfeatures: [load-balancer]`, []],
]);

const FROM = 'distribution: { name: k8s-snap }';

cases('install-source', [
  [FROM, ['install-source distribution.name']],
  [`${FROM}\ninstall: preinstalled`, ['install-source install']],
  [`${FROM}\nbinary: ./k8s`, []],
  [`${FROM}\ninstall: preinstalled\nbinary: ./k8s`, []],
  [`${FROM}\nimage: d3b57c40`, []],
  [`${FROM}\ninstall: 1.36-classic/stable`, []],
  [`${FROM}\ninstall: { snaps: [k8s_3400.snap] }`, []],
  [`${FROM}\ninstall: 1.36-classic/stable\nbinary: ./k8s`, ['install-source binary']],
  [`${FROM}\ninstall: { snaps: [k8s_3400.snap] }\nbinary: ./k8s`, ['install-source binary']],
]);

cases('install-egress', [
  [`${FROM}\ninstall: 1.36-classic/stable\negress: open`, []],
  [`${FROM}\ninstall: 1.36-classic/stable\negress: blocked`, ['install-egress install']],
  [`${FROM}\ninstall: { snaps: [k8s_3400.snap] }\negress: open`, []],
  [`${FROM}\ninstall: { snaps: [k8s_3400.snap] }\negress: blocked`, ['install-egress egress']],
  [`${FROM}\nimage: local:with-k8s\negress: blocked`, ['install-egress egress']],
  [`${FROM}\nimage: d3b57c40\negress: blocked`, []],
]);

cases('install-channel', [
  [`${FROM}\ninstall: latest/edge`, []],
  [`${FROM}\ninstall: 1.36-classic/edge/my-branch`, []],
  [`${FROM}\ninstall: 1.36-classic/stable/a/b`, ['install-channel install']],
  [`${FROM}\ninstall: 1.36-classic`, ['install-channel install']],
  [`${FROM}\ninstall: stable`, ['install-channel install']],
  [`${FROM}\ninstall: 1.36-classic/stabel`, ['install-channel install']],
  [`${FROM}\ninstall: 1.35-classic/stable`, ['install-channel install']],
  ['distribution: { name: k8s-snap, version: 1.35.99 }\ninstall: 1.35-classic/stable', []],
]);

cases('answer-value', [
  [`${SNAP}\nbootstrap: interactive\n${promptWith('{{ network.pods }},{{features}}')}`, []],
  [`${SNAP}\nbootstrap: interactive\n${promptWith('{ network.pods }')}`, []],
  [`${SNAP}\nbootstrap: interactive\n${promptWith('')}`, []],
  [
    `${SNAP}\nbootstrap: interactive\n${promptWith('{{ network.pod }}')}`,
    ['answer-value dialogue.prompts[0].answer'],
  ],
]);

const FLANNEL = 'cni: { name: flannel }';
const controllers = (value: string, cni = FLANNEL): string =>
  `${cni}\nextraArgs: { controllerManager: { controllers: "${value}" } }`;

cases('flannel-pod-ranges', [
  [controllers('*'), []],
  [controllers('*,-ttl-controller'), []],
  [controllers('*,-node-ipam-controller'), ['flannel-pod-ranges extraArgs.controllerManager.controllers']],
  [controllers('-nodeipam, *'), ['flannel-pod-ranges extraArgs.controllerManager.controllers']],
  [controllers('nodeipam,daemonset-controller'), []],
  [controllers('daemonset-controller'), ['flannel-pod-ranges extraArgs.controllerManager.controllers']],
  [controllers('*,-nodeipam', 'cni: { name: bridge }'), []],
]);

const UBUNTU = `${FLANNEL}\nimage: ubuntu:24.04\n`;

test('flannel-egress: what is not in the image has to come from somewhere', (t) => {
  const of = (text: string): string[] => findings(text).filter((finding) => finding.startsWith('flannel-'));
  t.deepEqual(of(`${UBUNTU}egress: blocked`), ['flannel-egress egress']);
  t.deepEqual(of(`${UBUNTU}egress: open`), []);
  t.deepEqual(of(`${UBUNTU}egress: blocked\nimages: [flannel.tar]`), []);
  t.deepEqual(of(`${FLANNEL}\nimage: cafe\negress: blocked`), []);
  t.deepEqual(of(`image: ubuntu:24.04\negress: blocked`), []);
});

cases('not-yet', [
  ['provider: lxd', []],
  ['provider: auto', []],
  ['provider: incus', []],
  ['provider: kind', []],
  ['nodes: { controlPlanes: 1 }', []],
  ['nodes: { controlPlanes: 2 }', ['not-yet nodes.controlPlanes']],
  [`${SNAP}\nnodes: { controlPlanes: 3 }`, []],
  ['distribution: { name: k0s }', ['k0s-version distribution.name']],
  ['distribution: { version: 1.36.3 }', []],
  ['distribution: { version: 1.36.2 }', ['not-yet distribution.version']],
  ['distribution: { version: 1.36.3+k0s.2 }', ['not-yet distribution.version']],
  ['distribution: { version: 1.35.4 }', []],
  ['distribution: { version: 1.34.4 }', []],
  ['distribution: { version: 1.34.5 }', ['not-yet distribution.version']],
  ['cni: { name: bridge }', []],
  ['cni: { name: flannel }', []],
  ['cni: { name: flannel, mode: host-gw }', []],
  ['cni: { name: kindnet }', ['not-yet cni.name']],
  ['provider: kind\ncni: { name: kindnet }', []],
  ['cni: { name: calico, mode: bird, manifest: calico.yaml }', []],
  ['bootstrap: file', []],
  ['image: mine', []],
  ['images: []\ntests: []', []],
  ['images: [a.tar]', []],
  ['images: [a.tar, a.tar]', ['schema images']],
  ['workloads: [nginxdualstack]', []],
  ['workloads: [nginxdualstack, { manifest: a.yaml, image: x }]', ['not-yet workloads[1].image']],
  ['workloads: [nginxdualstack, { manifest: a.yaml }]', []],
  ['extraArgs: { kubeProxy: { v: "4" } }', ['not-yet extraArgs.kubeProxy']],
]);

test('not-yet: releases come from outside', (t) => {
  const text = 'distribution: { version: 1.35.4 }';
  t.deepEqual(findings(text, { knownVersions: ['1.36.3', '1.35.4'] }), []);
  t.deepEqual(findings('name: x', { knownVersions: ['1.35.4'] }), ['not-yet distribution.version']);
});

test('not-yet: another patch of a known minor is told that release, anything else the newest', (t) => {
  const told = (version: string): string =>
    parseScenario(`distribution: { version: ${version} }`, 'x.yaml', {
      knownVersions: ['1.36.3', '1.35.4', '1.3.9'],
    })
      .problems.map(({ message }) => message)
      .join('\n');
  t.regex(told('1.35.2'), /provisions 1\.36\.3, 1\.35\.4, 1\.3\.9\); use 1\.35\.4$/);
  t.regex(told('1.3.1'), /use 1\.3\.9$/);
  t.regex(told('1.37.0'), /use 1\.36\.3$/);
});

cases('schema', [
  ['nodes: { controlPlanes: 0 }', ['schema nodes.controlPlanes']],
  ['nodes: { workers: -1 }', ['schema nodes.workers']],
  ['nodes: { workers: 1.5 }', ['schema nodes.workers']],
  ['nodes: { workers: .inf }', ['schema nodes.workers']],
  ['network: { pods: [] }', ['schema network.pods']],
  ['network: { pods: [10.1.0.0/16, fd01::/108, 10.2.0.0/16] }', ['schema network.pods']],
  ['network: { families: [] }', ['schema network.families']],
  ['network: { families: [IPv4, IPv4] }', ['schema network.families']],
  ['network: { families: [ipv4] }', ['schema network.families[0]']],
  ['network: { nodeMasks: { ipv4: 33 } }', ['schema network.nodeMasks.ipv4']],
  ['network: { nodeMasks: { ipv6: 129 } }', ['schema network.nodeMasks.ipv6']],
  ['distribution: { version: v1.36.3 }', ['schema distribution.version']],
  ['distribution: { version: 1.36 }', ['schema distribution.version']],
  ['workloads: []', ['schema workloads']],
  ['workloads: [nginxdualstack, nginxdualstack]', ['schema workloads']],
  ['workloads: [nginx]', ['schema workloads[0]']],
  ['tests: [{ run: [] }]', ['schema tests[0].run']],
  ['tests: [{ run: [""] }]', ['schema tests[0].run']],
  ['tests: [{ run: ["a\\0b"] }]', ['schema tests[0].run[0]']],
  ['tests: [{ run: [x], env: { KUBECONFIG: a } }]', ['schema tests[0].env']],
  ['tests: [{ run: [x], env: { TWINSTACK_RUN: a } }]', ['schema tests[0].env']],
  ['tests: [{ run: [x], env: { MY_TWINSTACK_RUN: a } }]', []],
  ['tests: [{ run: [x], env: { "A=B": a } }]', ['schema tests[0].env']],
  ['tests: [{ run: [x], timeout: soon }]', ['schema tests[0].timeout']],
  ['timeout: 10m', []],
  ['timeout: 1ms', []],
  ['timeout: 0s', ['schema timeout']],
  ['timeout: 24h', []],
  ['timeout: 1441m', ['schema timeout']],
  ['timeout: 0.4ms', ['schema timeout']],
  ['timeout: 10', ['schema timeout']],
  ['timeout: 10 m', ['schema timeout']],
  ['timeout: 1h30m', ['schema timeout']],
  ['timeout: -1m', ['schema timeout']],
  ['timeout:', ['schema timeout']],
]);
