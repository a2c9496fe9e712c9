import { formatPath } from '../document-path.ts';
import type { ScenarioNetwork, ScenarioRange } from '../resolve-network.ts';
import { BRIDGE, PODS, RANGES, SERVICES } from './rule.ts';
import type { Finding, Rule } from './rule.ts';
import { verdictFor, type Verdict } from './verdict.ts';
import { overlaps, parseCidr, toCidr } from '../../network/cidr.ts';
import type { Cidr } from '../../network/cidr.ts';
import { visible } from '../../network/ip-address.ts';

/** Every range of the scenario, in the order of the sections. */
function allRanges(network: ScenarioNetwork): readonly ScenarioRange[] {
  return [...network.pods, ...network.services, ...network.bridge];
}

interface Unread {
  readonly range: ScenarioRange;
  readonly isAsked: boolean;
}

/** What Go's net.ParseCIDR, by which k0s and k8s bootstrap read a range, takes though we don't: host bits, and a padded prefix length. */
function isTakenByGo(text: string): boolean {
  const [, address = '', length = ''] = /^([^/]+)\/(\d+)$/.exec(text) ?? [];
  const bits = address.includes(':') ? 128 : 32;
  return Number(length) <= bits && parseCidr(`${address}/${bits}`).ok;
}

const UNREADABLE: Verdict<Unread> = {
  kubeadm: () => '',
  k0s: ({ range: { section, text } }) => {
    if (section === 'bridge') return '';
    return isTakenByGo(text)
      ? 'k0s config validate would accept it'
      : 'k0s config validate would refuse it: "… invalid CIDR address"';
  },
  'k8s-snap': ({ range: { section, text }, isAsked }) => {
    if (section === 'bridge') return '';
    if (isTakenByGo(text)) return 'k8s bootstrap would accept it';
    const words = `"invalid ${section.slice(0, -1)} CIDR: ${visible(text)} is not a valid CIDR: invalid CIDR address: …"`;
    if (isAsked && isTakenByGo(text.replaceAll(' ', '')))
      return 'k8s bootstrap takes spaces out of what it is answered';
    return `k8s bootstrap would refuse it: ${words}`;
  },
};

/** The programs of a cluster read sloppy notation differently; see `parseCidr`. */
export const cidrSyntax: Rule = {
  id: 'cidr-syntax',
  summary:
    'Ranges are in CIDR notation with the first address of the range; no host bits, padded numbers, zone ids, IPv4-mapped IPv6 or spaces.',
  reads: [PODS, SERVICES, BRIDGE],
  check(context) {
    const isAsked = context.written.bootstrap === 'interactive';
    return allRanges(context.network).flatMap((range) => {
      const { parsed, path } = range;
      if (parsed.ok) return [];
      const advice = parsed.instead === null ? '' : `: write ${parsed.instead}`;
      const verdict = verdictFor(context, UNREADABLE, { range, isAsked });
      return [{ path, message: `${parsed.reason}${advice}${verdict}` }];
    });
  },
};

interface Reserved {
  readonly cidr: Cidr;
  readonly meaning: string;
}

/** From the IANA special-purpose registries; documentation, benchmarking and shared address space are fine in a lab. */
const RESERVED: readonly Reserved[] = [
  ['0.0.0.0/8', 'addresses of "this network"'],
  ['127.0.0.0/8', 'loopback addresses'],
  ['169.254.0.0/16', 'link-local addresses'],
  ['224.0.0.0/4', 'multicast addresses'],
  ['240.0.0.0/4', 'addresses reserved for the future, and the broadcast address'],
  ['::/128', 'the unspecified address'],
  ['::1/128', 'the loopback address'],
  ['fe80::/10', 'link-local addresses'],
  ['ff00::/8', 'multicast addresses'],
].map(([range = '', meaning = '']) => ({ cidr: toCidr(range), meaning }));

/** `parseCidr` refuses ::ffff:0:0/96 as such; a range around it is caught here. */
const IPV4_MAPPED: Reserved = {
  cidr: { family: 'IPv6', network: 0xffffn << 32n, prefixLength: 96 },
  meaning: 'IPv4-mapped addresses',
};

/** No packet is routed to or from these. */
export const reservedRange: Rule = {
  id: 'reserved-range',
  summary: 'No range holds loopback, link-local, multicast, unspecified, IPv4-mapped or reserved addresses.',
  reads: [PODS, SERVICES, BRIDGE],
  check({ network }) {
    return allRanges(network).flatMap(({ parsed, path, text }): Finding[] => {
      if (!parsed.ok) return [];
      const reserved = [...RESERVED, IPV4_MAPPED].find(({ cidr }) => overlaps(cidr, parsed.value));
      if (reserved === undefined) return [];
      const instead = parsed.value.family === 'IPv4' ? '10.0.0.0/8' : 'fd00::/8';
      return [{ path, message: `${text} holds ${reserved.meaning}: write a private range, from ${instead}` }];
    });
  },
};

const listed = (ranges: readonly ScenarioRange[]): string => ranges.map(({ text }) => text).join(',');

const OVERLAPPING: Verdict<ScenarioNetwork> = {
  kubeadm: () => 'kubeadm would accept this and leave Services unreachable; k8s-snap would refuse it',
  k0s: () => 'k0s config validate would accept this and leave Services unreachable',
  'k8s-snap': ({ pods, services }) =>
    `k8s bootstrap would refuse it: "invalid cidr configuration: pod CIDR "${listed(pods)}" and service CIDR "${listed(services)}" overlap"`,
};

/** kubeadm compares no ranges; k8s-snap does, with the words `pod CIDR … and service CIDR … overlap`. */
export const overlap: Rule = {
  id: 'overlap',
  summary: 'The ranges of pods, services and a written bridge have no address in common.',
  reads: [...RANGES, BRIDGE],
  check(context) {
    const { network } = context;
    const ranges = allRanges(network);
    return ranges.flatMap((later, index) =>
      ranges.slice(0, index).flatMap((earlier): Finding[] => {
        // Two ranges of one family in one list are `duplicate-family`.
        if (earlier.section === later.section || !earlier.parsed.ok || !later.parsed.ok) return [];
        if (!overlaps(earlier.parsed.value, later.parsed.value)) return [];
        const [here, there] = later.isWritten ? [later, earlier] : [earlier, later];
        const where = `${there.isWritten ? '' : 'the default of '}${formatPath(there.path)}`;
        return [
          {
            path: here.path,
            message:
              `${here.text} overlaps ${there.text}, ${where}: write a range apart from it` +
              (here.section === 'bridge'
                ? ' (nodes could not reach one of the two)'
                : verdictFor(context, OVERLAPPING, network)),
          },
        ];
      }),
    );
  },
};

/** In the order in which the reference names them. */
export const RANGE_RULES: readonly Rule[] = [cidrSyntax, reservedRange, overlap];
