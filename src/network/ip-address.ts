import ipaddr from 'ipaddr.js';
import type { IPFamily } from '../scenario/scenario.ts';

/** An address as a number, so that arithmetic is exact in both families. */
export interface IPAddress {
  readonly family: IPFamily;
  /** The 32 or 128 bits, network byte order. */
  readonly value: bigint;
}

/** What a strict parser makes of a text: the value, or why it is none and what to write instead. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /** One sentence without a full stop, such as `10.1.0.1/16 has host bits set`. */
      readonly reason: string;
      /** What to write instead; null where nothing better is known than the reason. */
      readonly instead: string | null;
    };

/** Bits of an address: 32 or 128. */
export function addressBits(family: IPFamily): number {
  return family === 'IPv4' ? 32 : 128;
}

/** Makes the failing half of a `Parsed`. */
export function refused(reason: string, instead: string | null = null): Parsed<never> {
  return { ok: false, reason, instead };
}

// Invisible characters arrive with text that was copied from a web page; named, because nobody can see them.
const WHITESPACE = /[\s\u00a0\u200b-\u200d\u2060\ufeff]/u;
const EVERY_WHITESPACE = new RegExp(WHITESPACE.source, 'gu');
const DOTTED_QUAD = /^\d+\.\d+\.\d+\.\d+$/;
const PADDED_OCTET = /(^|\.)0\d/;
const IPV4_MAPPED = 0xffffn;

/** A text in quotes with what can't be seen written as an escape. */
export function visible(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

function bytesToBigInt(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function unpadded(text: string): string {
  return text.replace(/(^|\.)0+(?=\d)/g, '$1');
}

function parseIPv4(text: string): Parsed<IPAddress> {
  if (!DOTTED_QUAD.test(text)) {
    return refused(`${text} is not an IPv4 address: it takes four numbers from 0 to 255 with dots between`);
  }
  if (PADDED_OCTET.test(text)) {
    // Some programs read 010 as eight and some as ten (CVE-2021-29923), so no two need agree on what was meant.
    return refused(
      `${text} has a number that starts with 0, which some programs read as octal`,
      unpadded(text),
    );
  }
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return refused(`${text} is not an IPv4 address: a number is above 255`);
  }
  return { ok: true, value: { family: 'IPv4', value: bytesToBigInt(ipaddr.IPv4.parse(text).toByteArray()) } };
}

function parseIPv6(text: string): Parsed<IPAddress> {
  const percent = text.indexOf('%');
  if (percent >= 0) {
    return refused(
      `${text} has a zone id (${text.slice(percent)}), which means something on one machine only`,
      text.slice(0, percent),
    );
  }
  if (!ipaddr.IPv6.isValid(text)) return refused(`${text} is not an IPv6 address`);
  const value = bytesToBigInt(ipaddr.IPv6.parse(text).toByteArray());
  if (value >> 32n === IPV4_MAPPED) {
    const inner = formatAddress({ family: 'IPv4', value: value & 0xffff_ffffn });
    return refused(`${text} is an IPv4-mapped IPv6 address, which is IPv4 in disguise`, inner);
  }
  return { ok: true, value: { family: 'IPv6', value } };
}

/**
 * Reads an address without prefix length. Stricter than Go's `net.ParseIP` on purpose: whitespace, zone ids, numbers with
 * leading zeros and IPv4-mapped IPv6 are refused, because programs of one cluster disagree about what they mean.
 */
export function parseAddress(text: string): Parsed<IPAddress> {
  if (text === '') return refused('an address is missing');
  if (WHITESPACE.test(text)) {
    return refused(`${visible(text)} holds whitespace`, text.replace(EVERY_WHITESPACE, ''));
  }
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

/** Writes an address in its normal form: dotted decimal, or RFC 5952 (lower case, longest run of zeros shortened). */
export function formatAddress(address: IPAddress): string {
  const size = addressBits(address.family) / 8;
  const bytes = Array.from({ length: size }, (_, index) =>
    Number((address.value >> BigInt(8 * (size - 1 - index))) & 0xffn),
  );
  return address.family === 'IPv4'
    ? new ipaddr.IPv4(bytes).toString()
    : new ipaddr.IPv6(bytes).toRFC5952String();
}

/**
 * An address as the host part of a URL: IPv6 in brackets (RFC 3986, section 3.2.2), in normal form.
 * @throws {RangeError} when the text is no address.
 */
export function formatAddressForUrl(address: string): string {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new RangeError(parsed.reason);
  const text = formatAddress(parsed.value);
  return parsed.value.family === 'IPv6' ? `[${text}]` : text;
}

/**
 * The family of an address without prefix length.
 * @throws {RangeError} when the text is no address.
 */
export function addressFamily(address: string): IPFamily {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new RangeError(parsed.reason);
  return parsed.value.family;
}
