import test from 'ava';
import { addressCount, nthAddress, nthSubnet, subnetCount } from '../../../src/network/cidr-arithmetic.ts';
import {
  cidrAround,
  containsAddress,
  containsCidr,
  formatCidr,
  overlaps,
  parseCidr,
  toCidr,
} from '../../../src/network/cidr.ts';
import { addressBits } from '../../../src/network/ip-address.ts';
import { gatewayAddress, nodeAddress, nodeRoom } from '../../../src/network/node-addresses.ts';
import type { Cidr } from '../../../src/network/cidr.ts';
import { seededRandom } from './seeded-random.ts';

const ROUNDS = 500;

/** Ranges of every length, with long runs of zeros and ones in them, where shortening and carrying go wrong. */
function randomCidr(random: () => number): Cidr {
  const family = random() < 0.5 ? 'IPv4' : 'IPv6';
  const bits = addressBits(family);
  const byte = (): bigint => BigInt([0, 255, Math.floor(random() * 256)][Math.floor(random() * 3)] ?? 0);
  const value = Array.from({ length: bits / 8 }, byte).reduce((sum, next) => (sum << 8n) | next, 0n);
  return cidrAround({ family, value }, Math.floor(random() * (bits + 1)));
}

/** IPv4-mapped IPv6 is refused on reading, so it is no part of these laws. */
function isMapped(cidr: Cidr): boolean {
  return cidr.family === 'IPv6' && cidr.network >> 32n === 0xffffn;
}

test('a range survives writing and reading', (t) => {
  const random = seededRandom(1);
  for (let round = 0; round < ROUNDS; round += 1) {
    const cidr = randomCidr(random);
    if (isMapped(cidr)) continue;
    t.deepEqual(toCidr(formatCidr(cidr)), cidr);
  }
});

test('first and last address and subnet lie within the range, the next one is refused', (t) => {
  const random = seededRandom(2);
  for (let round = 0; round < ROUNDS; round += 1) {
    const cidr = randomCidr(random);
    if (isMapped(cidr)) continue;
    const count = addressCount(cidr);
    for (const n of [0n, count - 1n]) {
      const address = nthAddress(cidr, n);
      if (!address.startsWith('::ffff:')) t.true(containsAddress(cidr, address), formatCidr(cidr));
    }
    t.throws(() => nthAddress(cidr, count), { instanceOf: RangeError });
    t.throws(() => nthAddress(cidr, -1), { instanceOf: RangeError });

    const length =
      cidr.prefixLength + Math.floor(random() * (addressBits(cidr.family) - cidr.prefixLength + 1));
    const subnets = subnetCount(cidr, length);
    const [first, last] = [nthSubnet(cidr, length, 0), nthSubnet(cidr, length, subnets - 1n)];
    for (const subnet of [first, last]) {
      const parsed = parseCidr(subnet);
      if (parsed.ok) t.true(containsCidr(cidr, parsed.value), `${formatCidr(cidr)} ${subnet}`);
    }
    t.is(first === last, subnets === 1n);
    t.is(addressCount(cidr), subnets * (1n << BigInt(addressBits(cidr.family) - length)));
    t.throws(() => nthSubnet(cidr, length, subnets), { instanceOf: RangeError });
  }
});

test('overlapping is symmetric, and neighbours never do', (t) => {
  const random = seededRandom(3);
  for (let round = 0; round < ROUNDS; round += 1) {
    const [one, other] = [randomCidr(random), randomCidr(random)];
    t.is(overlaps(one, other), overlaps(other, one));
    t.true(overlaps(one, one));
    if (one.prefixLength === 0) continue;
    const size = addressCount(one);
    const neighbour = { ...one, network: one.network ^ size };
    t.false(overlaps(one, neighbour), formatCidr(one));
  }
});

test('finds addresses and subnets by index', (t) => {
  t.is(nthAddress('10.152.183.0/24', 10), '10.152.183.10');
  t.is(nthAddress('fd98::/108', 0xfffff), 'fd98::f:ffff');
  t.is(nthAddress('10.255.255.0/24', 255), '10.255.255.255');
  t.is(nthSubnet('10.1.0.0/16', 24, 255), '10.1.255.0/24');
  t.is(nthSubnet('fd01::/108', 117, 1), 'fd01::800/117');
  t.is(nthSubnet('fd01::/48', 64, 65535n), 'fd01:0:0:ffff::/64');
  t.is(subnetCount('fd01::/108', 117), 512n);
  t.is(subnetCount('10.1.0.0/16', 16), 1n);
  t.is(subnetCount('10.1.0.0/16', 15), 0n);
  t.throws(() => subnetCount('10.1.0.0/16', 33), { instanceOf: RangeError });
  t.throws(() => subnetCount('10.1.0.0/16', 24.5), { instanceOf: RangeError });
  t.throws(() => nthAddress('10.1.0.1/16', 0), { instanceOf: RangeError });
});

test('gives nodes addresses that read alike in both families', (t) => {
  t.is(gatewayAddress('10.88.0.0/24'), '10.88.0.1');
  t.is(gatewayAddress('fd42:88::/64'), 'fd42:88::1');
  t.deepEqual(
    [nodeAddress('10.88.0.0/24', 0), nodeAddress('fd42:88::/64', 0)],
    ['10.88.0.11', 'fd42:88::11'],
  );
  t.deepEqual(
    [nodeAddress('10.88.0.0/24', 9), nodeAddress('fd42:88::/64', 9)],
    ['10.88.0.20', 'fd42:88::20'],
  );
});

test('knows how many nodes have room', (t) => {
  t.is(nodeRoom('10.88.0.0/24'), 244n);
  t.is(nodeAddress('10.88.0.0/24', 243), '10.88.0.254');
  t.throws(() => nodeAddress('10.88.0.0/24', 244), { instanceOf: RangeError });
  t.is(nodeRoom('10.88.0.0/28'), 4n);
  t.is(nodeRoom('10.88.0.0/29'), 0n);
  t.throws(() => nodeAddress('10.88.0.0/29', 0), { instanceOf: RangeError });
});
