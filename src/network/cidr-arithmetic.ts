import { formatCidr, toCidr } from './cidr.ts';
import type { CidrLike } from './cidr.ts';
import { addressBits, formatAddress } from './ip-address.ts';

function bound(what: string, n: bigint, limit: bigint): void {
  if (n < 0n || n >= limit) {
    throw new RangeError(`${what} ${n} does not exist: it has ${limit}, counted from 0`);
  }
}

/**
 * Number of addresses in a range, the unusable ones included.
 * @throws {RangeError} when a text is not a range in strict notation.
 */
export function addressCount(range: CidrLike): bigint {
  const cidr = toCidr(range);
  return 1n << BigInt(addressBits(cidr.family) - cidr.prefixLength);
}

/**
 * The address at an index, where 0 is the range's first address, without prefix length and in normal form. So 1 is usually a
 * gateway, and 10 of a Service range is where kubeadm puts the cluster's DNS.
 * @throws {RangeError} when the range has no such address, or a text is not a range in strict notation.
 */
export function nthAddress(range: CidrLike, n: number | bigint): string {
  const cidr = toCidr(range);
  bound(`address of ${formatCidr(cidr)}`, BigInt(n), addressCount(cidr));
  return formatAddress({ family: cidr.family, value: cidr.network + BigInt(n) });
}

/**
 * Number of subnets of that prefix length in a range: a power of two, or zero where the range is itself smaller.
 * @throws {RangeError} when the prefix length is no integer within the family's limits, or a text is not a range.
 */
export function subnetCount(range: CidrLike, prefixLength: number): bigint {
  const cidr = toCidr(range);
  const bits = addressBits(cidr.family);
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > bits) {
    throw new RangeError(`${prefixLength} is not an ${cidr.family} prefix length: it goes from 0 to ${bits}`);
  }
  return prefixLength < cidr.prefixLength ? 0n : 1n << BigInt(prefixLength - cidr.prefixLength);
}

/**
 * The subnet at an index, where 0 is the one at the range's start, in normal form. The n-th node's pod range is
 * `nthSubnet(pods, nodeMask, n)` when the controller manager gives them out in order.
 * @throws {RangeError} when the range has no such subnet, or a text is not a range in strict notation.
 */
export function nthSubnet(range: CidrLike, prefixLength: number, n: number | bigint): string {
  const cidr = toCidr(range);
  const count = subnetCount(cidr, prefixLength);
  bound(`/${prefixLength} of ${formatCidr(cidr)}`, BigInt(n), count);
  const size = 1n << BigInt(addressBits(cidr.family) - prefixLength);
  return formatCidr({ family: cidr.family, network: cidr.network + BigInt(n) * size, prefixLength });
}
