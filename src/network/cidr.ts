import { addressBits, formatAddress, parseAddress, refused, visible } from './ip-address.ts';
import type { IPAddress, Parsed } from './ip-address.ts';
import type { IPFamily } from '../scenario/scenario.ts';

/** A range of addresses. The bits after the prefix are zero, so that equal ranges are equal values. */
export interface Cidr {
  readonly family: IPFamily;
  /** The first address as a number. */
  readonly network: bigint;
  readonly prefixLength: number;
}

/** A range, parsed or as text. Functions that take a text throw a `RangeError` when it is not a range in strict notation. */
export type CidrLike = Cidr | string;

/** The bits that count within a prefix of this length, as a mask over the whole address. */
function hostBits(family: IPFamily, prefixLength: number): bigint {
  return BigInt(addressBits(family) - prefixLength);
}

/** The range of that prefix length that an address lies in. */
export function cidrAround(address: IPAddress, prefixLength: number): Cidr {
  const shift = hostBits(address.family, prefixLength);
  return { family: address.family, network: (address.value >> shift) << shift, prefixLength };
}

/** Writes a range in its normal form, such as `10.1.0.0/16` or `fd01::/108`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress({ family: cidr.family, value: cidr.network })}/${cidr.prefixLength}`;
}

/** `255.255.0.0` as a prefix length; null where it is no contiguous mask. */
function prefixLengthOfNetmask(text: string): number | null {
  const parsed = parseAddress(text);
  if (!parsed.ok || parsed.value.family !== 'IPv4') return null;
  const bits = parsed.value.value.toString(2).padStart(32, '0');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : null;
}

function parsePrefixLength(address: IPAddress, text: string, whole: string): Parsed<number> {
  const base = formatAddress(address);
  const bits = addressBits(address.family);
  if (text.includes('.')) {
    const fromMask = address.family === 'IPv4' ? prefixLengthOfNetmask(text) : null;
    return refused(
      `${whole} has a netmask where a prefix length belongs`,
      fromMask === null ? null : formatCidr(cidrAround(address, fromMask)),
    );
  }
  if (!/^\d+$/.test(text)) {
    return refused(
      `${whole} has no number after the slash: an ${address.family} prefix length is 0 to ${bits}`,
    );
  }
  if (/^0\d/.test(text)) {
    return refused(
      `${whole} has a prefix length that starts with 0`,
      `${base}/${text.replace(/^0+(?=\d)/, '')}`,
    );
  }
  const prefixLength = Number(text);
  if (prefixLength > bits) {
    return refused(
      `${whole} has a prefix length above ${bits}, which is an ${address.family} address's length`,
    );
  }
  return { ok: true, value: prefixLength };
}

/** The range that a corrected address makes, itself corrected where need be; null where it is still none. */
function correctedRange(corrected: string | null, addressText: string, lengthText: string): string | null {
  if (corrected === null) return null;
  const wasMapped = addressText.includes(':') && !corrected.includes(':');
  const length = wasMapped && /^\d+$/.test(lengthText) ? String(Number(lengthText) - 96) : lengthText;
  const range = `${corrected}/${length}`;
  const again = parseCidr(range);
  return again.ok ? range : again.instead;
}

/**
 * Reads a range in CIDR notation. Stricter than Go's `net.ParseCIDR`: the address must be the range's first one, because a
 * reader of `10.1.0.1/16` can't know whether the address or the length is the mistake. Everything that `parseAddress` refuses is
 * refused too. The reason says what to write instead where that is known.
 */
export function parseCidr(text: string): Parsed<Cidr> {
  if (text === '') return refused('a range is missing');
  const slash = text.indexOf('/');
  const addressText = slash < 0 ? text : text.slice(0, slash);
  const address = parseAddress(addressText);
  if (!address.ok) {
    const instead =
      slash < 0 ? null : correctedRange(address.instead, addressText, text.slice(slash + 1).trim());
    return refused(address.reason, instead);
  }
  if (slash < 0) {
    const usual = address.value.family === 'IPv4' ? 24 : 64;
    const around = formatCidr(cidrAround(address.value, usual));
    return refused(`${text} has no prefix length`, `a range such as ${around}`);
  }
  const lengthText = text.slice(slash + 1);
  if (lengthText !== lengthText.trim()) {
    return refused(`${visible(text)} holds whitespace`, `${addressText}/${lengthText.trim()}`);
  }
  const prefixLength = parsePrefixLength(address.value, lengthText, text);
  if (!prefixLength.ok) return prefixLength;
  const cidr = cidrAround(address.value, prefixLength.value);
  if (cidr.network !== address.value.value) {
    return refused(`${text} is not the first address of its range (it has host bits set)`, formatCidr(cidr));
  }
  return { ok: true, value: cidr };
}

/**
 * The parsed form of either.
 * @throws {RangeError} when a text is not a range in strict notation.
 */
export function toCidr(range: CidrLike): Cidr {
  if (typeof range !== 'string') return range;
  const parsed = parseCidr(range);
  if (!parsed.ok) throw new RangeError(parsed.reason);
  return parsed.value;
}

/**
 * The family of a range.
 * @throws {RangeError} when a text is not a range in strict notation.
 */
export function cidrFamily(range: CidrLike): IPFamily {
  return toCidr(range).family;
}

/**
 * A range's normal form as text; equal ranges have equal normal forms.
 * @throws {RangeError} when a text is not a range in strict notation.
 */
export function normalCidr(range: CidrLike): string {
  return formatCidr(toCidr(range));
}

/**
 * Whether both are the same range, however they are written.
 * @throws {RangeError} when a text is not a range in strict notation.
 */
export function sameCidr(one: CidrLike, other: CidrLike): boolean {
  const [a, b] = [toCidr(one), toCidr(other)];
  return a.family === b.family && a.network === b.network && a.prefixLength === b.prefixLength;
}

/**
 * Whether the inner range lies within the outer one; a range contains itself. Ranges of different families never do.
 * @throws {RangeError} when a text is not a range in strict notation.
 */
export function containsCidr(outer: CidrLike, inner: CidrLike): boolean {
  const [a, b] = [toCidr(outer), toCidr(inner)];
  if (a.family !== b.family || a.prefixLength > b.prefixLength) return false;
  const shift = hostBits(a.family, a.prefixLength);
  return a.network >> shift === b.network >> shift;
}

/**
 * Whether an address, without prefix length, lies within a range.
 * @throws {RangeError} when a text is not what it should be.
 */
export function containsAddress(range: CidrLike, address: string): boolean {
  const cidr = toCidr(range);
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new RangeError(parsed.reason);
  const { family, value } = parsed.value;
  return containsCidr(cidr, { family, network: value, prefixLength: addressBits(family) });
}

/**
 * Whether two ranges have an address in common. Since each is aligned to its size, that is when one contains the other.
 * @throws {RangeError} when a text is not a range in strict notation.
 */
export function overlaps(one: CidrLike, other: CidrLike): boolean {
  return containsCidr(one, other) || containsCidr(other, one);
}
