import type { ScenarioRange } from '../resolve-network.ts';
import type { IPFamily, PerFamily } from '../scenario.ts';
import { BRIDGE, PODS, SERVICES } from './rule.ts';
import type { Finding, Rule, RuleContext } from './rule.ts';
import { verdictFor, type Verdict } from './verdict.ts';
import { formatAddress } from '../../network/ip-address.ts';
import type { Cidr } from '../../network/cidr.ts';
import { addressCount } from '../../network/cidr-arithmetic.ts';

/** kubeadm and kube-apiserver: at most 20 bits for the service number. */
const LARGEST_SERVICE_RANGE: PerFamily<number> = { IPv4: 12, IPv6: 108 };
/** kubeadm's MinimumAddressesInServiceSubnet: the DNS service is the tenth address. */
const FEWEST_SERVICE_ADDRESSES = 10n;
/** kubeadm's MinimumAddressesInPodSubnet. */
const FEWEST_POD_ADDRESSES = 14n;
/** The longest prefixes that hold these many addresses: 16 in both cases. */
const SMALLEST_RANGE: PerFamily<number> = { IPv4: 28, IPv6: 124 };

function withLength(cidr: Cidr, prefixLength: number): string {
  const address = formatAddress({ family: cidr.family, value: cidr.network });
  return `${address}/${prefixLength}`;
}

/** k0s limits IPv6 ranges alone; with one family it refuses those that are longer instead, see `k0s-service-range`. */
const TOO_LARGE: Verdict<{ readonly family: IPFamily; readonly isDual: boolean }> = {
  kubeadm: ({ family }) =>
    `kubeadm would refuse it: "specified service subnet is too large; for ${family === 'IPv4' ? 32 : 128}-bit addresses, the mask ` +
    `must be >= ${LARGEST_SERVICE_RANGE[family]}"`,
  k0s: ({ family, isDual }) =>
    family === 'IPv6' && isDual
      ? 'k0s config validate would refuse it, in words that say the opposite: "IPv6 service CIDR prefix must be <= 108"'
      : 'k0s config validate would accept it; it is the limit of kube-apiserver, which releases from 1.34 on no longer hold to by default',
  'k8s-snap': ({ family }) =>
    family === 'IPv6'
      ? 'k8s bootstrap would refuse it: "invalid service CIDR: service CIDR … cannot be larger than /108"'
      : 'k8s bootstrap would accept it; it is the limit of kube-apiserver, which releases from 1.34 on no longer hold to by default',
};

const TOO_SMALL: Verdict<{ readonly count: bigint; readonly fewest: bigint }> = {
  kubeadm: ({ count, fewest }) =>
    `kubeadm would refuse it: "subnet with ${count} address(es) is too small, the minimum is ${fewest}"`,
  k0s: () => 'k0s config validate would accept it, and the cluster would soon have no address left in it',
  'k8s-snap': () => 'k8s bootstrap would accept it, and the cluster would soon have no address left in it',
};

function tooSmall(context: RuleContext, range: ScenarioRange, cidr: Cidr, fewest: bigint): Finding {
  const least = SMALLEST_RANGE[cidr.family];
  const count = addressCount(cidr);
  return {
    path: range.path,
    message:
      `${range.text} has ${count} ${count === 1n ? 'address' : 'addresses'}: it must be /${least} or shorter` +
      verdictFor(context, TOO_SMALL, { count, fewest }),
  };
}

/** Not too large for the allocators of kubeadm, kube-apiserver and k8s-snap, and large enough for what kubeadm reserves. */
export const serviceCidrSize: Rule = {
  id: 'service-cidr-size',
  summary: 'Service ranges: IPv6 from /108 to /124, IPv4 from /12 to /28.',
  reads: [SERVICES],
  check(context) {
    return context.network.services.flatMap((range): Finding[] => {
      if (!range.parsed.ok) return [];
      const cidr = range.parsed.value;
      const largest = LARGEST_SERVICE_RANGE[cidr.family];
      if (cidr.prefixLength < largest) {
        return [
          {
            path: range.path,
            message:
              `${range.text} is too large: an ${cidr.family} service range must be /${largest} or longer, such as ` +
              withLength(cidr, largest) +
              verdictFor(context, TOO_LARGE, {
                family: cidr.family,
                isDual: context.network.families.length === 2,
              }),
          },
        ];
      }
      return addressCount(cidr) < FEWEST_SERVICE_ADDRESSES
        ? [tooSmall(context, range, cidr, FEWEST_SERVICE_ADDRESSES)]
        : [];
    });
  },
};

/** Whether kubeadm would take a pod range for too small; the rules about node masks leave such a range alone. */
export function isTooSmallForPods(cidr: Cidr): boolean {
  return addressCount(cidr) < FEWEST_POD_ADDRESSES;
}

/** kubeadm wants room for 14 pods in the whole cluster. */
export const podCidrSize: Rule = {
  id: 'pod-cidr-size',
  summary: 'Pod ranges are /28 (IPv4), /124 (IPv6) or shorter.',
  reads: [PODS],
  check(context) {
    return context.network.pods.flatMap((range) =>
      range.parsed.ok && isTooSmallForPods(range.parsed.value)
        ? [tooSmall(context, range, range.parsed.value, FEWEST_POD_ADDRESSES)]
        : [],
    );
  },
};

/** A node network smaller than /28 has no room for nodes, one larger than /16 takes what pods and services are made of. */
const BRIDGE_LIMITS: PerFamily<readonly [shortest: number, longest: number]> = {
  IPv4: [16, 28],
  IPv6: [64, 64],
};

function bridgeFinding(range: ScenarioRange, family: IPFamily): Finding {
  const message =
    family === 'IPv6'
      ? `${range.text} must be a /64: address autoconfiguration and the engines' router advertisements take no other size`
      : `${range.text} must be between /16 and /28, such as 10.88.0.0/24`;
  return { path: range.path, message };
}

/** The sizes that engines and autoconfiguration (RFC 4862) can work with. */
export const bridgeSize: Rule = {
  id: 'bridge-size',
  summary: 'A written bridge range is a /64 (IPv6), or from /16 to /28 (IPv4).',
  reads: [BRIDGE],
  check({ network }) {
    return network.bridge.flatMap((range): Finding[] => {
      if (!range.parsed.ok) return [];
      const { family, prefixLength } = range.parsed.value;
      const [shortest, longest] = BRIDGE_LIMITS[family];
      return prefixLength < shortest || prefixLength > longest ? [bridgeFinding(range, family)] : [];
    });
  },
};

/** In the order in which the reference names them. */
export const SIZE_RULES: readonly Rule[] = [serviceCidrSize, podCidrSize, bridgeSize];
