import { formatPath } from '../document-path.ts';
import type { ScenarioRange } from '../resolve-network.ts';
import type { IPFamily, PerFamily } from '../scenario.ts';
import { BRIDGE, FAMILIES, NODE_MASKS, NODES, PODS } from './rule.ts';
import type { Finding, Rule, RuleContext } from './rule.ts';
import { verdictFor, type Verdict } from './verdict.ts';
import { controllerRoleOf } from '../controller-role.ts';
import { isTooSmallForPods } from './size-rules.ts';
import { CHOSEN_IPV4_PREFIX_LENGTH } from '../../network/choose-node-network.ts';
import type { Cidr } from '../../network/cidr.ts';
import { nodeRoom } from '../../network/node-addresses.ts';

/** The controller manager's and kubeadm's limit: a bitmap of all shares is kept in memory. */
const MOST_MASK_BITS = 16;
/** 16 addresses, of which network, gateway and broadcast take three: room for DNS, the workload and the probe. */
const LONGEST_NODE_MASK: PerFamily<number> = { IPv4: 28, IPv6: 124 };

interface PodRange {
  readonly family: IPFamily;
  readonly range: ScenarioRange;
  readonly cidr: Cidr;
}

/**
 * The pod range of each family asked for, where there is one that can be read and is no problem by itself. None for k8s-snap: its own
 * network deals its range out.
 */
function podRanges({ network, written }: RuleContext): PodRange[] {
  if (written.distribution.name === 'k8s-snap') return [];
  return network.families.flatMap((family): PodRange[] => {
    const range = network.pods.find((pod) => pod.family === family);
    if (range?.parsed.ok !== true || isTooSmallForPods(range.parsed.value)) return [];
    return [{ family, range, cidr: range.parsed.value }];
  });
}

/** k0s's 117 and the controller manager's 64 fit ranges of some sizes; between them there is no sensible default. */
export const nodeMaskRequired: Rule = {
  id: 'node-mask-required',
  summary: 'network.nodeMasks.ipv6 is written unless the IPv6 pod range is /48 to /64 or /101 to /117.',
  reads: [FAMILIES, PODS, NODE_MASKS],
  check(context) {
    const { network } = context;
    return podRanges(context).flatMap(({ family, range, cidr }): Finding[] => {
      const mask = network.nodeMasks[family];
      if (mask.prefixLength !== null) return [];
      const longest = Math.min(cidr.prefixLength + MOST_MASK_BITS, LONGEST_NODE_MASK[family]);
      const advice = Math.min(cidr.prefixLength + 8, longest);
      return [
        {
          path: range.path,
          message:
            `${range.text} has no default for a node's share of it: write ${formatPath(mask.path)}, from ${cidr.prefixLength} ` +
            `to ${longest}, such as ${advice}; or a pod range of /48 to /64 or /101 to /117`,
        },
      ];
    });
  },
};

interface Mask {
  readonly prefixLength: number;
  readonly mask: number;
}

/** k8s-snap, whose network deals its range out by itself, is not asked. */
const TOO_SHORT: Verdict<Mask> = {
  kubeadm: ({ prefixLength, mask }) =>
    `kubeadm would refuse it: "the size of pod subnet with mask ${prefixLength} is smaller than the size of node subnet with mask ${mask}"`,
  k0s: () =>
    'k0s config validate would accept it, and the controller manager end with "mask size of cluster CIDR must be less than or equal to --node-cidr-mask-size configured for CIDR family"',
  'k8s-snap': () => '',
};

const TOO_LONG: Verdict<Mask> = {
  kubeadm: ({ prefixLength, mask }) =>
    `kubeadm would refuse it: "pod subnet mask (${prefixLength}) and node-mask (${mask}) difference is greater than 16"`,
  k0s: () =>
    'k0s config validate would accept it, and the controller manager end with "New CIDR set failed; the node CIDR size is too big"',
  'k8s-snap': () => '',
};

function maskComplaint(context: RuleContext, mask: number, { family, range, cidr }: PodRange): string | null {
  const { prefixLength } = cidr;
  const verdict = (words: Verdict<Mask>): string => verdictFor(context, words, { prefixLength, mask });
  if (mask < prefixLength) {
    return (
      `${mask} is shorter than ${range.text}, the pod range that it is a share of: write ${prefixLength} (room for one node) ` +
      `or longer${verdict(TOO_SHORT)}`
    );
  }
  if (mask - prefixLength > MOST_MASK_BITS) {
    return (
      `${mask} is ${mask - prefixLength} bits longer than ${range.text}, the pod range, and at most ${MOST_MASK_BITS} can be: write ` +
      `${prefixLength + MOST_MASK_BITS} or shorter${verdict(TOO_LONG)}`
    );
  }
  if (mask > LONGEST_NODE_MASK[family]) {
    return `${mask} leaves a node too few addresses for its pods: write ${LONGEST_NODE_MASK[family]} or shorter`;
  }
  return null;
}

/** kubeadm and the controller manager on what a node's share may be. */
export const nodeMaskRange: Rule = {
  id: 'node-mask-range',
  summary:
    "A node mask is not shorter than the pod range's prefix, at most 16 bits longer, and not longer than /28 (IPv4) or /124 (IPv6).",
  reads: [FAMILIES, PODS, NODE_MASKS],
  check(context) {
    const { network } = context;
    return podRanges(context).flatMap((pod): Finding[] => {
      const mask = network.nodeMasks[pod.family];
      if (mask.prefixLength === null) return [];
      const complaint = maskComplaint(context, mask.prefixLength, pod);
      if (complaint === null) return [];
      if (mask.isWritten) return [{ path: mask.path, message: complaint }];
      const message = `the default of ${formatPath(mask.path)} does not fit, so write it: ${complaint}`;
      return [{ path: pod.range.path, message }];
    });
  },
};

function nodes(count: number | bigint): string {
  return `${count} ${BigInt(count) === 1n ? 'node' : 'nodes'}`;
}

function podRoomFindings(context: RuleContext, path: Finding['path']): Finding[] {
  const { network, written } = context;
  // A controller of k0s that is nothing else is no node of Kubernetes, and gets no share.
  const isNode = controllerRoleOf(written) !== 'controller';
  const nodeCount = written.nodes.workers + (isNode ? written.nodes.controlPlanes : 0);
  return podRanges(context).flatMap((pod): Finding[] => {
    const mask = network.nodeMasks[pod.family].prefixLength;
    if (mask === null || maskComplaint(context, mask, pod) !== null) return [];
    const room = 2 ** (mask - pod.cidr.prefixLength);
    if (room >= nodeCount) return [];
    return [
      {
        path,
        message:
          `${nodes(nodeCount)} don't fit: ${pod.range.text} has /${mask} shares for ${nodes(room)}; ask for fewer nodes, or write ` +
          'a pod range with a shorter prefix or a longer node mask (the controller manager would leave the others without a range)',
      },
    ];
  });
}

function bridgeRoomFindings({ network, nodeCount }: RuleContext, path: Finding['path']): Finding[] {
  if (!network.families.includes('IPv4')) return [];
  const range = network.bridge.find((each) => each.family === 'IPv4');
  if (range === undefined) {
    const room = nodeRoom({ family: 'IPv4', network: 0n, prefixLength: CHOSEN_IPV4_PREFIX_LENGTH });
    if (room >= BigInt(nodeCount)) return [];
    const message =
      `${nodes(nodeCount)} don't fit into the node network, which is a /${CHOSEN_IPV4_PREFIX_LENGTH} with room for ${room} ` +
      'unless network.bridge.ipv4 is written: write a larger one there, such as 10.88.0.0/22';
    return [{ path, message }];
  }
  if (!range.parsed.ok || nodeRoom(range.parsed.value) >= BigInt(nodeCount)) return [];
  const message =
    `${nodes(nodeCount)} don't fit into ${range.text}, where ${nodes(nodeRoom(range.parsed.value))} have room (the first eleven ` +
    'addresses are kept for the bridge): write a shorter prefix';
  return [{ path: range.path, message }];
}

/** Every node needs a share of each pod range and an address in the node network. */
export const nodeCount: Rule = {
  id: 'node-count',
  summary: 'The pod ranges have a share, and the node network an address, for every node.',
  reads: [FAMILIES, PODS, NODE_MASKS, NODES, BRIDGE],
  check(context) {
    const path = ['nodes', context.written.nodes.workers > 0 ? 'workers' : 'controlPlanes'];
    return [...podRoomFindings(context, path), ...bridgeRoomFindings(context, path)];
  },
};

/** In the order in which the reference names them. */
export const NODE_RULES: readonly Rule[] = [nodeMaskRequired, nodeMaskRange, nodeCount];
