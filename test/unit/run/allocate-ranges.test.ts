import { readFileSync } from 'node:fs';
import test from 'ava';
import { readIPv4Routes, readIPv6Routes } from '../../../src/host/host-ranges.ts';

const recorded = (name: string): string =>
  readFileSync(new URL(`../../fixtures/linux-6.18/${name}`, import.meta.url), 'utf8');

test('IPv4 routes of a host with a bridge, a VPN and a single address; the default route says nothing', (t) => {
  t.deepEqual(readIPv4Routes(recorded('route.txt')), [
    { range: '192.0.2.0/24', usedBy: 'a route via eth0' },
    { range: '10.99.7.0/24', usedBy: 'a route via lxdbr0' },
    { range: '10.0.0.0/8', usedBy: 'a route via tun0' },
    { range: '172.17.0.0/16', usedBy: 'a route via docker0' },
    { range: '198.51.100.9/32', usedBy: 'a route via wg0' },
  ]);
});

test('IPv6 routes without the default, link-local, multicast, loopback and half a line', (t) => {
  t.deepEqual(readIPv6Routes(recorded('ipv6_route.txt')), [
    { range: '2001:0db8:000a:0000:0000:0000:0000:0000/64', usedBy: 'a route via eth0' },
    { range: 'fdab:89c3:dc81:0000:0000:0000:0000:0000/64', usedBy: 'a route via lxdbr0' },
    { range: 'fd00:0000:0000:0000:0000:0000:0000:0000/8', usedBy: 'a route via tun0' },
    { range: 'fdab:89c3:dc81:0000:0000:0000:0000:0001/128', usedBy: 'a route via lxdbr0' },
  ]);
});

test('no table, no routes', (t) => {
  t.deepEqual(readIPv4Routes(''), []);
  t.deepEqual(readIPv6Routes(''), []);
});
