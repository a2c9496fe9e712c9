import test from 'ava';
import {
  cidrFamily,
  containsAddress,
  containsCidr,
  formatCidr,
  normalCidr,
  overlaps,
  parseCidr,
  sameCidr,
} from '../../../src/network/cidr.ts';
import { addressFamily, formatAddressForUrl } from '../../../src/network/ip-address.ts';

const accepted: readonly (readonly [text: string, normal: string])[] = [
  ['10.1.0.0/16', '10.1.0.0/16'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['192.0.2.7/32', '192.0.2.7/32'],
  ['fd01::/108', 'fd01::/108'],
  ['FD01:0:0:0::/64', 'fd01::/64'],
  ['fd00:0:0:1:0:0:0:0/64', 'fd00:0:0:1::/64'],
  ['fd00::10.1.0.0/112', 'fd00::a01:0/112'],
  ['::/0', '::/0'],
  ['::1/128', '::1/128'],
];

for (const [text, normal] of accepted) {
  test(`reads ${text} as ${normal}`, (t) => {
    const parsed = parseCidr(text);
    t.true(parsed.ok);
    if (parsed.ok) t.is(formatCidr(parsed.value), normal);
  });
}

const refusals: readonly (readonly [text: string, reason: RegExp, instead: string | null])[] = [
  ['', /missing/, null],
  ['/16', /an address is missing/, null],
  ['10.1.0.1/16', /host bits set/, '10.1.0.0/16'],
  ['10.1.128.0/16', /host bits set/, '10.1.0.0/16'],
  ['fd01::1/108', /host bits set/, 'fd01::/108'],
  ['fd01::10:0/107', /host bits set/, 'fd01::/107'],
  ['010.1.0.0/16', /starts with 0/, '10.1.0.0/16'],
  ['10.01.0.0/16', /octal/, '10.1.0.0/16'],
  ['::ffff:10.1.0.0/112', /IPv4-mapped/, '10.1.0.0/16'],
  ['::ffff:a01:0/112', /IPv4-mapped/, '10.1.0.0/16'],
  ['::ffff:0:0/95', /IPv4-mapped/, null],
  ['fe80::%eth0/64', /zone id \(%eth0\)/, 'fe80::/64'],
  ['fe80::1%eth0/64', /zone id/, 'fe80::/64'],
  [' 10.1.0.0/16', /whitespace/, '10.1.0.0/16'],
  ['10.1.0.0/16 ', /whitespace/, '10.1.0.0/16'],
  ['10.1.0.0/16\r', /" *10\.1\.0\.0\/16\\r" holds whitespace/, '10.1.0.0/16'],
  ['10.1.0.0\u200b/16', /\\u200b" holds whitespace/, '10.1.0.0/16'],
  ['fd01::\u00a0/108', /\\u00a0" holds whitespace/, 'fd01::/108'],
  ['10.1.0.0', /no prefix length/, 'a range such as 10.1.0.0/24'],
  ['fd01::5', /no prefix length/, 'a range such as fd01::/64'],
  ['10.1.0.0/255.255.0.0', /netmask/, '10.1.0.0/16'],
  ['10.1.0.0/255.0.255.0', /netmask/, null],
  ['10.1.0.0/33', /above 32/, null],
  ['fd01::/129', /above 128/, null],
  ['10.1.0.0/016', /prefix length that starts with 0/, '10.1.0.0/16'],
  ['10.1.0.0/', /no number after the slash/, null],
  ['10.1.0.0/-1', /no number after the slash/, null],
  ['10.1.0.0/1e1', /no number after the slash/, null],
  ['10.1.0.0/16/16', /no number after the slash/, null],
  ['10.1/16', /four numbers/, null],
  ['10.1.0.256/16', /above 255/, null],
  ['0x0a.1.0.0/16', /four numbers/, null],
  ['fd01:::/64', /not an IPv6 address/, null],
  ['fd01::12345/128', /not an IPv6 address/, null],
  ['1::2::3/64', /not an IPv6 address/, null],
  ['[fd01::]/64', /not an IPv6 address/, null],
  ['pods', /four numbers/, null],
];

for (const [text, reason, instead] of refusals) {
  test(`refuses ${JSON.stringify(text)}`, (t) => {
    const parsed = parseCidr(text);
    t.false(parsed.ok);
    if (parsed.ok) return;
    t.regex(parsed.reason, reason);
    t.is(parsed.instead, instead);
  });
}

test('what to write instead is accepted', (t) => {
  for (const [, , instead] of refusals) {
    if (instead !== null) t.true(parseCidr(instead.replace('a range such as ', '')).ok, instead);
  }
});

test('compares ranges', (t) => {
  t.true(sameCidr('fd01::/108', 'FD01:0::/108'));
  t.false(sameCidr('10.0.0.0/8', '10.0.0.0/9'));
  t.false(sameCidr('0.0.0.0/0', '::/0'));
  t.is(normalCidr('FD98:0::/108'), 'fd98::/108');
  t.is(cidrFamily('fd98::/108'), 'IPv6');
  t.true(containsCidr('10.0.0.0/8', '10.255.0.0/16'));
  t.true(containsCidr('10.0.0.0/8', '10.0.0.0/8'));
  t.false(containsCidr('10.0.0.0/9', '10.128.0.0/9'));
  t.false(containsCidr('10.255.0.0/16', '10.0.0.0/8'));
  t.false(containsCidr('::/0', '10.0.0.0/8'));
  t.true(overlaps('10.152.183.0/24', '10.152.0.0/16'));
  t.false(overlaps('10.1.0.0/16', '10.2.0.0/16'));
  t.true(containsAddress('fd98::/108', 'fd98::f:ffff'));
  t.false(containsAddress('fd98::/108', 'fd98::10:0'));
  t.false(containsAddress('0.0.0.0/0', '::1'));
});

test('writes addresses for URLs', (t) => {
  t.is(formatAddressForUrl('FD98:0::EAF0'), '[fd98::eaf0]');
  t.is(formatAddressForUrl('10.152.183.7'), '10.152.183.7');
  t.is(addressFamily('fd98::1'), 'IPv6');
  t.throws(() => formatAddressForUrl('localhost'), { instanceOf: RangeError });
  t.throws(() => formatAddressForUrl('fe80::1%eth0'), { instanceOf: RangeError });
});
