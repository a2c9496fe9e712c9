import test from 'ava';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { findings } from './findings.ts';

type Case = readonly [text: string, expected: readonly string[]];

function cases(title: string, table: readonly Case[]): void {
  for (const [text, expected] of table) {
    test(`${title}: ${text}`, (t) => {
      // What a rule has to say of k0s is asked while `not-yet` may still refuse it.
      t.deepEqual(
        findings(text).filter((finding) => !finding.startsWith('not-yet')),
        expected,
      );
    });
  }
}

const K0S = 'distribution: { name: k0s, version: 1.36.3+k0s.2 }';
const SNAP = 'distribution: { name: k8s-snap }\ninstall: 1.36-classic/stable';
const CALICO = 'manifest: calico.yaml, name: calico';

/** The words of a file's only problem. */
function messageOf(text: string): string {
  const [problem, ...others] = parseScenario(text, 'x.yaml').problems.filter(
    ({ rule }) => rule !== 'not-yet',
  );
  return others.length > 0 ? 'several' : (problem?.message ?? 'none');
}

cases('cni-mode', [
  [`cni: { ${CALICO} }`, []],
  [`cni: { ${CALICO}, mode: bird }`, []],
  [`cni: { ${CALICO}, mode: vxlan }`, []],
  [`cni: { ${CALICO}, mode: host-gw }`, ['cni-mode cni.mode']],
  ['cni: { name: flannel, mode: host-gw }', []],
  ['cni: { name: flannel, mode: bird }', ['cni-mode cni.mode']],
  ['cni: { mode: bird }', ['cni-mode cni.mode']],
  ['cni: { name: cilium, manifest: a.yaml, mode: vxlan }', ['cni-mode cni.mode']],
  [`${K0S}\ncni: { name: calico, mode: bird }`, []],
  [`${K0S}\ncni: { mode: vxlan }`, ['cni-mode cni.mode']],
  [`${SNAP}\ncni: { mode: vxlan }`, ['distribution-option cni']],
]);

cases('cni-manifest', [
  ['cni: { name: bridge }', []],
  ['cni: { manifest: a.yaml }', ['cni-manifest cni.manifest']],
  ['cni: { name: bridge, chart: a.tgz }', ['cni-manifest cni.chart']],
  ['cni: { name: custom }', ['cni-manifest cni.name']],
  ['cni: { name: custom, manifest: a.yaml }', []],
  ['cni: { name: custom, chart: a.tgz }', ['cni-manifest cni.chart']],
  ['cni: { name: calico }', ['cni-manifest cni.name']],
  [`cni: { ${CALICO} }`, []],
  ['cni: { name: cilium }', ['cni-manifest cni.name']],
  ['cni: { name: cilium, manifest: a.yaml }', []],
  ['cni: { name: cilium, chart: a.tgz }', []],
  ['cni: { name: cilium, chart: a }', ['schema cni.chart']],
  ['cni: { name: cilium, manifest: a.yaml, chart: a.tgz }', ['cni-manifest cni.chart']],
  [`${K0S}\ncni: { name: calico, mode: bird }`, []],
  [`${K0S}\ncni: { ${CALICO}, mode: bird }`, ['cni-manifest cni.manifest']],
  [`${K0S}\ncni: { name: custom }`, ['cni-manifest cni.name']],
  [`${K0S}\ncni: { name: custom, manifest: a.yaml }`, []],
  [`${K0S}\ncni: { name: cilium, manifest: a.yaml }`, []],
  [K0S, []],
  [`${K0S}\ncni: { manifest: a.yaml }`, ['cni-manifest cni.manifest']],
]);

cases('cni-option', [
  ['cni: { blockSizes: { ipv4: 26 } }', ['cni-option cni.blockSizes']],
  ['cni: { natOutgoing: false }', ['cni-option cni.natOutgoing']],
  ['cni: { autodetection: { ipv6: interface=eth0 } }', ['cni-option cni.autodetection']],
  ['cni: { overlay: Always }', ['cni-option cni.overlay']],
  [
    `cni: { ${CALICO}, blockSizes: { ipv4: 26 }, natOutgoing: false, autodetection: { ipv6: interface=eth0 } }`,
    [],
  ],
  [`cni: { ${CALICO}, mode: bird, overlay: CrossSubnet }`, []],
  [`cni: { ${CALICO}, mode: vxlan, overlay: CrossSubnet }`, ['cni-option cni.overlay']],
  [`cni: { ${CALICO}, overlay: Always }`, ['cni-option cni.overlay']],
  [`cni: { ${CALICO}, mode: bird, overlay: always }`, ['schema cni.overlay']],
]);

cases('cni-distribution', [
  ['cni: { name: kube-router }', ['cni-distribution cni.name']],
  [`${K0S}\ncni: { name: kube-router }`, []],
]);

cases('calico-block-size', [
  [`cni: { ${CALICO}, blockSizes: { ipv4: 20, ipv6: 116 } }`, []],
  [`cni: { ${CALICO}, blockSizes: { ipv4: 32, ipv6: 128 } }`, []],
  [`cni: { ${CALICO}, blockSizes: { ipv4: 19 } }`, ['calico-block-size cni.blockSizes.ipv4']],
  [`cni: { ${CALICO}, blockSizes: { ipv4: 33 } }`, ['calico-block-size cni.blockSizes.ipv4']],
  [`cni: { ${CALICO}, blockSizes: { ipv6: 115 } }`, ['calico-block-size cni.blockSizes.ipv6']],
  [`cni: { ${CALICO}, blockSizes: { ipv6: 129 } }`, ['calico-block-size cni.blockSizes.ipv6']],
  [`cni: { ${CALICO}, blockSizes: { ipv6: "122" } }`, ['schema cni.blockSizes.ipv6']],
  [
    `network: { pods: [10.1.0.0/24, "fd01::/120"], nodeMasks: { ipv4: 24, ipv6: 120 } }\ncni: { ${CALICO} }`,
    [],
  ],
  [
    `network: { pods: [10.1.0.0/24, "fd01::/122"], nodeMasks: { ipv4: 24, ipv6: 122 } }\ncni: { ${CALICO} }`,
    [],
  ],
  [
    `network: { pods: [10.1.0.0/24, "fd01::/123"], nodeMasks: { ipv4: 24, ipv6: 123 } }\ncni: { ${CALICO} }`,
    ['calico-block-size network.pods[1]'],
  ],
  [
    `network: { pods: [10.1.0.0/27, "fd01::/108"], nodeMasks: { ipv4: 27 } }\ncni: { ${CALICO}, blockSizes: { ipv4: 26 } }`,
    ['calico-block-size cni.blockSizes.ipv4'],
  ],
  [
    `network: { pods: [10.1.0.0/27, "fd01::/108"], nodeMasks: { ipv4: 27 } }\ncni: { ${CALICO}, blockSizes: { ipv4: 27 } }`,
    [],
  ],
  [`network: { families: [IPv4] }\ncni: { ${CALICO} }`, []],
]);

cases('calico-mode', [
  [`${K0S}\ncni: { name: calico, mode: bird }`, []],
  [`${K0S}\ncni: { name: calico, mode: vxlan }`, ['calico-mode cni.mode']],
  [`${K0S}\ncni: { name: calico }`, ['calico-mode cni.name']],
  [`${K0S}\nnetwork: { families: [IPv4] }\ncni: { name: calico }`, []],
  [`cni: { ${CALICO}, mode: vxlan }`, []],
]);

cases('cni-egress', [
  [`egress: blocked\ncni: { ${CALICO} }`, ['cni-egress egress']],
  [`egress: open\ncni: { ${CALICO} }`, []],
  [`egress: blocked\nimages: [a.tar]\ncni: { ${CALICO} }`, []],
  [`egress: blocked\nimage: mine.tar\ncni: { ${CALICO} }`, []],
  ['egress: blocked\ncni: { name: cilium, chart: a.tgz }', ['cni-egress egress']],
  ['egress: blocked\ncni: { name: custom, manifest: a.yaml }', []],
  ['egress: blocked', []],
  [`egress: blocked\n${K0S}\ninstall: release`, ['cni-egress egress']],
  [`egress: blocked\n${K0S}\ninstall: release+airgap`, []],
  [`egress: blocked\n${K0S}\nbinary: ./k0s`, []],
]);

test("cni-egress: of k0s it is a warning, for its images may be in the node image's store", (t) => {
  const { problems } = parseScenario(`egress: blocked\n${K0S}`, 'x.yaml');
  t.is(problems.find(({ rule }) => rule === 'cni-egress')?.severity, 'warning');
});

test('the share of a node that Cilium would not take is refused by the rule of node masks', (t) => {
  t.deepEqual(
    findings(
      'network: { pods: [10.1.0.0/16, "fd01::/64"], nodeMasks: { ipv6: 81 } }\ncni: { name: cilium, chart: a.tgz }',
    ),
    ['node-mask-range network.nodeMasks.ipv6'],
  );
  t.deepEqual(
    findings(
      'network: { pods: [10.1.0.0/16, "fd01::/64"], nodeMasks: { ipv6: 80 } }\ncni: { name: cilium, chart: a.tgz }',
    ),
    [],
  );
});

test('messages say which program would have said what, and what to write', (t) => {
  t.regex(messageOf('cni: { name: custom }'), /write manifest: FILE .*kubelet.*"cni plugin not initialized"/);
  t.regex(
    messageOf(`${K0S}\ncni: { name: calico }`),
    /write mode: bird.*"calico.mode: Forbidden: dual-stack for calico is only supported for mode `bird`"/,
  );
  t.regex(
    messageOf(`network: { pods: [10.1.0.0/27, "fd01::/108"], nodeMasks: { ipv4: 27 } }\ncni: { ${CALICO} }`),
    /^10\.1\.0\.0\/27 has no room for a block of \/26: write cni\.blockSizes\.ipv4 from 27 to 32.*"IP pool size is too small/,
  );
  t.regex(messageOf('cni: { name: kube-router }'), /kube-router comes with k0s, and kubeadm has none/);
});
