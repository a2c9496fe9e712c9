import { formatPath } from '../document-path.ts';
import { DEFAULT_POD_RANGES, DEFAULT_SERVICE_RANGES, familyKey } from '../network-schema.ts';
import type { ScenarioRange } from '../resolve-network.ts';
import type { IPFamily, PerFamily } from '../scenario.ts';
import { BRIDGE, NODE_MASKS, PRIMARY_FAMILY, RANGES } from './rule.ts';
import type { Finding, Rule, RuleContext } from './rule.ts';
import { verdictFor, type Verdict } from './verdict.ts';

const DEFAULTS = { pods: DEFAULT_POD_RANGES, services: DEFAULT_SERVICE_RANGES };

function familiesOf(ranges: readonly ScenarioRange[]): IPFamily[] {
  return [...new Set(ranges.map(({ family }) => family))];
}

function missingInList(
  context: RuleContext,
  section: 'pods' | 'services',
  defaults: PerFamily<string>,
): Finding[] {
  const ranges = context.network[section];
  const present = familiesOf(ranges);
  const { families } = context.network;
  const unasked = ranges
    .filter((range) => range.isWritten && !families.includes(range.family))
    .map((range) => unaskedFinding(range.path, range.family, range.text));
  const missing = families.filter((family) => !present.includes(family));
  const isDuplicate = ranges.length > present.length;
  // Two ranges of one family are named by `duplicate-family`; that the other family is missing is the same mistake.
  if (missing.length === 0 || isDuplicate || unasked.length > 0) return unasked;
  const only = present[0] ?? 'IPv4';
  return missing.map((family) => ({
    path: ['network', section],
    message:
      `has no ${family} range: add one such as ${defaults[family]}, ` +
      `or write network.families: [${only}] if a cluster without ${family} is what you want`,
  }));
}

function unaskedFinding(path: Finding['path'], family: IPFamily, value: string): Finding {
  return {
    path,
    message: `${value} is for ${family}, which network.families leaves out: remove it, or add ${family} there`,
  };
}

/** Both families, unless the file says which one it wants; ranges and families must tell the same story. */
export const missingFamily: Rule = {
  id: 'missing-family',
  summary:
    'Both families have a range for pods and one for services, unless network.families leaves one out; then nothing is written for it.',
  reads: [...RANGES, BRIDGE, NODE_MASKS],
  check(context) {
    const { network, written } = context;
    const both: readonly IPFamily[] = ['IPv4', 'IPv6'];
    const unasked = both.filter((family) => !network.families.includes(family));
    const primary = written.network.primaryFamily;
    return [
      ...missingInList(context, 'pods', DEFAULTS.pods),
      ...missingInList(context, 'services', DEFAULTS.services),
      ...network.bridge
        .filter((range) => unasked.some((family) => range.path.at(-1) === familyKey(family)))
        .map((range) => unaskedFinding(range.path, range.family, range.text)),
      ...unasked
        .map((family) => ({ family, mask: network.nodeMasks[family] }))
        .filter(({ mask }) => mask.isWritten)
        .map(({ family, mask }) => unaskedFinding(mask.path, family, String(mask.prefixLength))),
      ...(primary !== undefined && unasked.includes(primary)
        ? [unaskedFinding(PRIMARY_FAMILY, primary, primary)]
        : []),
    ];
  },
};

const DUPLICATE: Verdict<{ readonly section: ScenarioRange['section']; readonly other: IPFamily }> = {
  kubeadm: () => 'kubeadm would refuse it: "expected … two CIDRs from each family"',
  k0s: () => 'k0s.yaml has a field for one range of each family, and none for a second one',
  'k8s-snap': ({ section, other }) =>
    section === 'services'
      ? 'k8s bootstrap would accept it, and kube-apiserver refuse it: "… must be of different IP family"'
      : `k8s bootstrap would accept it, and there would be no range for ${other} pods`,
};

/** kubeadm: `expected one (IPv4 or IPv6) CIDR or two CIDRs from each family for dual-stack networking`. */
export const duplicateFamily: Rule = {
  id: 'duplicate-family',
  summary: 'Of two ranges for pods or services, one is IPv4 and one IPv6.',
  reads: RANGES,
  check(context) {
    const { network } = context;
    return [network.pods, network.services].flatMap((ranges): Finding[] => {
      const [first, second] = ranges;
      if (first === undefined || second === undefined || first.family !== second.family) return [];
      const other: IPFamily = first.family === 'IPv4' ? 'IPv6' : 'IPv4';
      const defaults = first.section === 'pods' ? DEFAULTS.pods : DEFAULTS.services;
      return [
        {
          path: second.path,
          message:
            `${second.text} is ${second.family} like ${first.text} before it: keep one and write an ${other} range ` +
            `such as ${defaults[other]}` +
            verdictFor(context, DUPLICATE, { section: first.section, other }),
        },
      ];
    });
  },
};

/** The keys of the bridge say which family they are for. */
export const bridgeFamily: Rule = {
  id: 'bridge-family',
  summary: 'network.bridge.ipv4 is an IPv4 range and network.bridge.ipv6 an IPv6 one.',
  reads: [BRIDGE],
  check({ network }) {
    return network.bridge
      .filter((range) => range.parsed.ok && range.path.at(-1) !== familyKey(range.family))
      .map((range) => ({
        path: range.path,
        message: `${range.text} is ${range.family}: write it as ${formatPath([...BRIDGE, familyKey(range.family)])}`,
      }));
  },
};

function orderFindings({ network, written }: RuleContext): Finding[] {
  const [pods, services] = [network.pods[0], network.services[0]];
  const areComplete = [network.pods, network.services].every(
    (ranges) => familiesOf(ranges).length === 2 && ranges.every(({ parsed }) => parsed.ok),
  );
  // Defaults follow what is written, so only two written lists can contradict each other.
  if (pods?.isWritten !== true || services?.isWritten !== true || !areComplete) return [];
  if (pods.family === services.family) return [];
  const wrong = written.network.primaryFamily === pods.family ? services : pods;
  const right = wrong === pods ? services : pods;
  return [
    {
      path: ['network', wrong.section],
      message:
        `has ${wrong.family} first, but network.${right.section} has ${right.family} first: ` +
        `write both in the same order, beginning with the primary family (${network.primaryFamily})`,
    },
  ];
}

const CONTRADICTED: Verdict<null> = {
  kubeadm: () => 'kube-apiserver would refuse it: "service IP family … must match public address family …"',
  // `primaryFamily` decides there, and this rule has nothing to say.
  k0s: () => '',
  'k8s-snap': () => 'k8s bootstrap is told of ranges alone, and their order decides',
};

/** kube-apiserver: `service IP family … must match public address family …`; kubeadm compares nothing. */
export const primaryFamily: Rule = {
  id: 'primary-family',
  summary:
    'For kubeadm, kind and k8s-snap the family of the first service range is the primary one: primaryFamily agrees with it, and pods ' +
    'come in the same order as services.',
  reads: [...RANGES, ['distribution']],
  check(context) {
    const { network, written } = context;
    if (written.distribution.name === 'k0s') return [];
    const first = network.services[0];
    const wish = written.network.primaryFamily;
    const findings = orderFindings(context);
    if (wish === undefined || first === undefined || first.family === wish) return findings;
    // A range for a family that is left out, or none for the one that is wished for, is `missing-family`.
    if (!network.families.includes(wish) || !network.services.some(({ family }) => family === wish))
      return findings;
    return [
      {
        path: PRIMARY_FAMILY,
        message:
          `is ${wish}, but ${first.text}, which comes first in network.services, is ${first.family}: write ${first.family} here, ` +
          `or the ${wish} ranges first in pods and services${verdictFor(context, CONTRADICTED, null)}`,
      },
      ...findings,
    ];
  },
};

/** k0s keeps IPv4 in podCIDR and serviceCIDR and takes the order from primaryFamily; the lists still must not contradict each other. */
export const rangeOrder: Rule = {
  id: 'range-order',
  summary: 'For k0s, where primaryFamily decides, pods and services still come in the same order.',
  reads: [...RANGES, ['distribution']],
  check(context) {
    return context.written.distribution.name === 'k0s' ? orderFindings(context) : [];
  },
};

/** In the order in which the reference names them. */
export const FAMILY_RULES: readonly Rule[] = [
  missingFamily,
  duplicateFamily,
  bridgeFamily,
  primaryFamily,
  rangeOrder,
];
