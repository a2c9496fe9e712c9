import test from 'ava';
import { containsCidr, overlaps, toCidr } from '../../../src/network/cidr.ts';
import { chooseNodeNetwork, NodeNetworkError } from '../../../src/network/choose-node-network.ts';
import type { NodeNetworkRequest } from '../../../src/network/choose-node-network.ts';
import { seededBytes } from './seeded-random.ts';

function request(overrides: Partial<NodeNetworkRequest> = {}): NodeNetworkRequest {
  return {
    families: ['IPv4', 'IPv6'],
    used: [],
    pods: ['10.1.0.0/16', 'fd01::/108'],
    services: ['10.152.183.0/24', 'fd98::/108'],
    written: { IPv4: null, IPv6: null },
    randomBytes: seededBytes(7),
    ...overrides,
  };
}

const usedBy = 'a route via eth0';
const zeros = (count: number): Uint8Array => new Uint8Array(count);

test('chooses a private /24 and a unique local /64 clear of everything', (t) => {
  for (let seed = 0; seed < 200; seed += 1) {
    const used = [
      { range: '10.0.0.0/9', usedBy },
      { range: '10.192.3.1/24', usedBy: 'the LXD network lxdbr0' },
    ];
    const { IPv4, IPv6 } = chooseNodeNetwork(request({ used, randomBytes: seededBytes(seed) }));
    if (IPv4 === null || IPv6 === null) return t.fail('both families were asked for');
    t.is(toCidr(IPv4).prefixLength, 24);
    t.true(
      ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].some((block) => containsCidr(block, IPv4)),
      IPv4,
    );
    for (const taken of ['10.0.0.0/9', '10.192.3.0/24', '10.152.183.0/24', '10.1.0.0/16']) {
      t.false(overlaps(taken, IPv4), `${taken} ${IPv4}`);
    }
    t.is(toCidr(IPv6).prefixLength, 64);
    t.true(containsCidr('fd00::/8', IPv6), IPv6);
  }
});

test('puts the random bits and the subnet id where RFC 4193 has them', (t) => {
  const randomBytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, (_, index) => 0x11 * (index + 1));
  const families = ['IPv6'] as const;
  t.is(chooseNodeNetwork(request({ families, randomBytes })).IPv6, 'fd11:2233:4455::/64');
  t.is(
    chooseNodeNetwork(request({ families, randomBytes, subnetId: 0xabcd })).IPv6,
    'fd11:2233:4455:abcd::/64',
  );
  t.throws(() => chooseNodeNetwork(request({ families, subnetId: 0x10000 })), { instanceOf: RangeError });
});

test('goes on to the next free range, across private blocks', (t) => {
  const next = (used: string[]) =>
    chooseNodeNetwork(
      request({ families: ['IPv4'], randomBytes: zeros, used: used.map((range) => ({ range, usedBy })) }),
    ).IPv4;
  t.is(next([]), '10.0.0.0/24');
  t.is(next(['10.0.0.0/24', '10.0.1.7']), '10.0.2.0/24');
  t.is(next(['10.0.0.0/8']), '172.16.0.0/24');
  t.is(next(['10.0.0.0/8', '172.16.0.0/12']), '192.168.0.0/24');
  t.is(
    next(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/17', '192.168.128.0/18', '192.168.192.0/19']),
    '192.168.224.0/24',
  );
});

test('draws again when an IPv6 prefix is taken', (t) => {
  let draws = 0;
  const randomBytes = (count: number): Uint8Array => new Uint8Array(count).fill((draws += 1));
  const used = [{ range: 'fd01:101:101::/48', usedBy }];
  t.is(chooseNodeNetwork(request({ families: ['IPv6'], used, randomBytes })).IPv6, 'fd02:202:202::/64');
});

test('default routes, also those that are cut in two, take nothing', (t) => {
  const used = [
    'default',
    'none',
    '0.0.0.0/0',
    '::/0',
    '0.0.0.0/1',
    '128.0.0.0/1',
    '2000::/3',
    'fe80::/64',
  ].map((range) => ({ range, usedBy }));
  t.is(chooseNodeNetwork(request({ used, randomBytes: zeros })).IPv4, '10.0.0.0/24');
});

test('says so when nothing is free', (t) => {
  const used = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map((range) => ({
    range,
    usedBy,
  }));
  const error = t.throws(() => chooseNodeNetwork(request({ used })), { instanceOf: NodeNetworkError });
  t.like(error, { reason: 'exhausted', family: 'IPv4', range: null, clashesWith: null });
  t.is(error.failure.class, 'preflight');
  const v6 = t.throws(() => chooseNodeNetwork(request({ used, families: ['IPv6'] })), {
    instanceOf: NodeNetworkError,
  });
  t.is(v6.family, 'IPv6');
});

test('keeps a written range, in normal form', (t) => {
  const written = { IPv4: '10.88.0.0/24', IPv6: 'FD42:88::/64' };
  t.deepEqual(chooseNodeNetwork(request({ written })), { IPv4: '10.88.0.0/24', IPv6: 'fd42:88::/64' });
});

test('a written range that clashes is a preflight failure that names both', (t) => {
  const used = [{ range: '10.88.0.1/16', usedBy: 'the LXD network lxdbr0' }];
  const written = { IPv4: '10.88.3.0/24', IPv6: null };
  const error = t.throws(() => chooseNodeNetwork(request({ used, written })), {
    instanceOf: NodeNetworkError,
  });
  t.like(error, { reason: 'clash', family: 'IPv4', range: '10.88.3.0/24', clashesWith: used[0] });
  t.is(
    error.message,
    'network.bridge.ipv4: 10.88.3.0/24 overlaps 10.88.0.1/16, which belongs to the LXD network lxdbr0',
  );
  const pods = t.throws(() => chooseNodeNetwork(request({ written: { IPv4: '10.1.4.0/24', IPv6: null } })));
  t.regex(pods.message, /the scenario's pods/);
});

test('leaves out a family that is not asked for', (t) => {
  t.is(chooseNodeNetwork(request({ families: ['IPv4'] })).IPv6, null);
  t.is(chooseNodeNetwork(request({ families: ['IPv6'] })).IPv4, null);
});

test('a used range that cannot be read is an error, not free space', (t) => {
  for (const range of ['unreachable', '10.0.0.0/x', '10.0.0.0/33', '']) {
    t.throws(
      () => chooseNodeNetwork(request({ used: [{ range, usedBy }] })),
      { instanceOf: RangeError },
      range,
    );
  }
});
