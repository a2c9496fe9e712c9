import { addressCount, subnetCount } from './cidr-arithmetic.ts';
import { cidrAround, formatCidr, overlaps, toCidr } from './cidr.ts';
import type { Cidr } from './cidr.ts';
import { addressBits, parseAddress } from './ip-address.ts';
import { FailureError } from '../run/failure.ts';
import type { IPFamily, PerFamily } from '../scenario/scenario.ts';

/** A range that something on this host already has. */
export interface UsedRange {
  /**
   * A range, or an address that may have a prefix length, as `ip route` and the engines print them: `default`, `10.0.0.0/8`,
   * `10.88.0.1/24`, `192.0.2.7`.
   */
  readonly range: string;
  /** Who has it, to go into a message: `a route via eth0`, `an LXD network`, `run k7f3q2`. */
  readonly usedBy: string;
}

export interface NodeNetworkRequest {
  readonly families: readonly IPFamily[];
  readonly used: readonly UsedRange[];
  /** The scenario's pod ranges. */
  readonly pods: readonly string[];
  /** The scenario's service ranges. */
  readonly services: readonly string[];
  /** Ranges that the scenario writes; null is chosen here. */
  readonly written: PerFamily<string | null>;
  /** That many random bytes; from `node:crypto`, or counted in tests. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** RFC 4193's 16 bits between the random prefix and the /64; 0 when absent. */
  readonly subnetId?: number;
}

/** No range for the nodes: a written one clashes, or nothing is free. A preflight failure, so exit status 3. */
export class NodeNetworkError extends FailureError {
  readonly reason: 'clash' | 'exhausted';
  readonly family: IPFamily;
  /** The written range that clashes; null when nothing is free. */
  readonly range: string | null;
  /** What it clashes with; null when nothing is free. */
  readonly clashesWith: UsedRange | null;

  constructor(
    family: IPFamily,
    clash: { readonly range: string; readonly clashesWith: UsedRange } | null,
    message: string,
    hint: string,
  ) {
    super({ class: 'preflight', step: 'preflight', message, hint });
    this.reason = clash === null ? 'exhausted' : 'clash';
    this.family = family;
    this.range = clash?.range ?? null;
    this.clashesWith = clash?.clashesWith ?? null;
  }
}

interface Taken {
  readonly cidr: Cidr;
  readonly source: UsedRange;
}

/** RFC 1918, in the order of the candidates' numbers. */
const PRIVATE_BLOCKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
/** What is chosen for the nodes where the scenario writes no IPv4 bridge range. */
export const CHOSEN_IPV4_PREFIX_LENGTH = 24;
const IPV6_PREFIX_LENGTH = 64;
/** A second draw of 40 random bits is already unheard of; the bound is for a host where all of fc00::/7 is taken. */
const IPV6_ATTEMPTS = 32;
/**
 * Shorter prefixes are default routes in disguise (a VPN's 0.0.0.0/1 and 128.0.0.0/1): they cover all private space and yet
 * leave it usable, since the kernel takes the longest match. 10.0.0.0/8 and fc00::/7 are the shortest that mean private ranges.
 */
const SHORTEST_MEANT: PerFamily<number> = { IPv4: 8, IPv6: 7 };

/**
 * A used range as a range; null for default routes. Host bits are fine here: a bridge's own address names its network.
 * @throws {RangeError} when it can't be read, because what is not understood must not count as free.
 */
export function readUsedRange(used: UsedRange): Cidr | null {
  if (used.range === 'default' || used.range === 'none') return null;
  // The zone says where a link-local address counts; here it counts everywhere.
  const [addressText = '', lengthText] = used.range.replace(/%[^/]*/, '').split('/');
  const address = parseAddress(addressText);
  if (!address.ok)
    throw new RangeError(`can't read ${used.range}, used by ${used.usedBy}: ${address.reason}`);
  const bits = addressBits(address.value.family);
  const prefixLength = lengthText === undefined ? bits : Number(lengthText);
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > bits) {
    throw new RangeError(
      `can't read ${used.range}, used by ${used.usedBy}: no prefix length after the slash`,
    );
  }
  return prefixLength < SHORTEST_MEANT[address.value.family] ? null : cidrAround(address.value, prefixLength);
}

function takenRanges(request: NodeNetworkRequest): Taken[] {
  const own: UsedRange[] = [
    ...request.pods.map((range) => ({ range, usedBy: "the scenario's pods" })),
    ...request.services.map((range) => ({ range, usedBy: "the scenario's services" })),
  ];
  return [...own, ...request.used].flatMap((source) => {
    const cidr = readUsedRange(source);
    return cidr === null ? [] : [{ cidr, source }];
  });
}

function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function findClash(cidr: Cidr, taken: readonly Taken[]): Taken | undefined {
  return taken.find((other) => overlaps(cidr, other.cidr));
}

/** The first free /24 of a block at or after an index. A taken range is jumped over at once, however many /24 it covers. */
function firstFreeFrom(block: Cidr, index: bigint, taken: readonly Taken[]): Cidr | null {
  const size = 1n << 8n;
  const end = block.network + addressCount(block);
  let network = block.network + index * size;
  while (network < end) {
    const candidate: Cidr = { family: 'IPv4', network, prefixLength: CHOSEN_IPV4_PREFIX_LENGTH };
    const clash = findClash(candidate, taken);
    if (clash === undefined) return candidate;
    const past = clash.cidr.network + addressCount(clash.cidr);
    network = past > network + size ? past : network + size;
  }
  return null;
}

/** Begins at a random private /24 and takes the next free one, so that a free one is always found. */
function chooseIPv4(taken: readonly Taken[], randomBytes: NodeNetworkRequest['randomBytes']): string | null {
  const blocks = PRIVATE_BLOCKS.map((block) => toCidr(block));
  const total = blocks.reduce((sum, block) => sum + subnetCount(block, CHOSEN_IPV4_PREFIX_LENGTH), 0n);
  let start = toInteger(randomBytes(4)) % total;
  const first = blocks.findIndex((block) => {
    const count = subnetCount(block, CHOSEN_IPV4_PREFIX_LENGTH);
    if (start < count) return true;
    start -= count;
    return false;
  });
  // The block that holds the start comes twice: from the start to its end, and at last from its beginning.
  for (let turn = 0; turn <= blocks.length; turn += 1) {
    const block = blocks[(first + turn) % blocks.length];
    const free = block === undefined ? null : firstFreeFrom(block, turn === 0 ? start : 0n, taken);
    if (free !== null) return formatCidr(free);
  }
  return null;
}

/** RFC 4193, section 3.1: `fd`, 40 random bits, a subnet id of 16 bits; what remains is the interface's 64. */
function chooseIPv6(taken: readonly Taken[], request: NodeNetworkRequest): string | null {
  const subnetId = request.subnetId ?? 0;
  if (!Number.isInteger(subnetId) || subnetId < 0 || subnetId > 0xffff) {
    throw new RangeError(`${subnetId} is not a subnet id of 16 bits`);
  }
  for (let attempt = 0; attempt < IPV6_ATTEMPTS; attempt += 1) {
    const globalId = toInteger(request.randomBytes(5));
    const network = (0xfdn << 120n) | (globalId << 80n) | (BigInt(subnetId) << 64n);
    const candidate: Cidr = { family: 'IPv6', network, prefixLength: IPV6_PREFIX_LENGTH };
    if (findClash(candidate, taken) === undefined) return formatCidr(candidate);
  }
  return null;
}

function checkWritten(family: IPFamily, range: string, taken: readonly Taken[]): string {
  const cidr = toCidr(range);
  const clash = findClash(cidr, taken);
  if (clash === undefined) return formatCidr(cidr);
  const key = `network.bridge.${family.toLowerCase()}`;
  throw new NodeNetworkError(
    family,
    { range, clashesWith: clash.source },
    `${key}: ${range} overlaps ${clash.source.range}, which belongs to ${clash.source.usedBy}`,
    `Remove ${key}, and a free range is chosen; or write one that nothing on this host uses.`,
  );
}

/**
 * The node network's ranges: what the scenario writes, where it is free, else an IPv4 /24 of private space (RFC 1918) and an
 * IPv6 /64 of a random unique local prefix (RFC 4193) that overlap nothing in use, nor the scenario's pods and services. Null for
 * a family that is not asked for. To keep parallel runs apart, choose and record under one lock.
 * @throws {NodeNetworkError} when a written range clashes or nothing is free.
 * @throws {RangeError} when a range can't be read.
 */
export function chooseNodeNetwork(request: NodeNetworkRequest): PerFamily<string | null> {
  const taken = takenRanges(request);
  const forFamily = (family: IPFamily): string | null => {
    if (!request.families.includes(family)) return null;
    const written = request.written[family];
    if (written !== null) return checkWritten(family, written, taken);
    const mine = taken.filter(({ cidr }) => cidr.family === family);
    const chosen = family === 'IPv4' ? chooseIPv4(mine, request.randomBytes) : chooseIPv6(mine, request);
    if (chosen !== null) return chosen;
    const key = `network.bridge.${family.toLowerCase()}`;
    throw new NodeNetworkError(
      family,
      null,
      `no private ${family} range is free for the nodes: routes, networks and runs of this host cover them all`,
      `Remove what is left over with \`twinstack gc\`, or write ${key} once a range is free.`,
    );
  };
  return { IPv4: forFamily('IPv4'), IPv6: forFamily('IPv6') };
}
