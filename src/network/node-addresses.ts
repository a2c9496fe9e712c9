import { addressCount, nthAddress } from './cidr-arithmetic.ts';
import { cidrFamily } from './cidr.ts';
import type { CidrLike } from './cidr.ts';

/** The index of the bridge's own address in the node network, by convention of LXD and Incus. */
const GATEWAY_INDEX = 1;
/** The first node's index: what is before it stays free for a person at work, and the last number reads as the node's. */
const FIRST_NODE_INDEX = 11;

/**
 * The bridge's own address in the node network: `10.88.0.1` of `10.88.0.0/24`.
 * @throws {RangeError} when the range is too small, or a text is not a range in strict notation.
 */
export function gatewayAddress(bridge: CidrLike): string {
  return nthAddress(bridge, GATEWAY_INDEX);
}

/** Number of nodes that a node network has addresses for. IPv4's last address is the broadcast address. */
export function nodeRoom(bridge: CidrLike): bigint {
  const last = cidrFamily(bridge) === 'IPv4' ? 1n : 0n;
  const room = addressCount(bridge) - BigInt(FIRST_NODE_INDEX) - last;
  return room < 0n ? 0n : room;
}

/**
 * The address of a node, counted from 0: `10.88.0.11` and `fd42:88::11` of the first. Both families show the same digits, so the
 * IPv6 number is the decimal one read as hexadecimal.
 * @throws {RangeError} when the range has no room for it, or a text is not a range in strict notation.
 */
export function nodeAddress(bridge: CidrLike, index: number): string {
  if (BigInt(index) >= nodeRoom(bridge))
    throw new RangeError(`no room for node ${index + 1} in this node network`);
  const number = FIRST_NODE_INDEX + index;
  return nthAddress(bridge, cidrFamily(bridge) === 'IPv4' ? number : BigInt(`0x${number}`));
}
