import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { waitForAddresses } from '../../../src/distributions/address-wait.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { PlanNode } from '../../../src/plan/plan.ts';

// As Linux wrote them: address, interface, prefix length, scope, flags, name.
const line = (address: string, flags: string, name = 'eth0'): string =>
  `${address} 02 40 00 ${flags}     ${name}\n`;
const ELEVEN = 'fd000000000000000000000000000011';
const ONE = 'fd000000000000000000000000000001';
const LOOPBACK = '00000000000000000000000000000001 01 80 10 80       lo\n';

const FIB_TRIE = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.218.203.0/24 2 0 2
        +-- 10.218.203.0/28 2 0 2
           |-- 10.218.203.0
              /24 link UNICAST
           |-- 10.218.203.11
              /32 host LOCAL
        |-- 10.218.203.255
           /32 link BROADCAST
`;

function found(t: ExecutionContext, address: string, content: string): boolean {
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  const node = { name: 'ts-a', addresses: [{ family, address }] } as unknown as PlanNode;
  const [action] = waitForAddresses(node, { foreign: null });
  if (action?.kind !== 'exec') throw new Error('no program looks for it');
  t.is(action.args.at(-1), family === 'IPv6' ? '/proc/net/if_inet6' : '/proc/net/fib_trie');
  const file = join(temporaryDirectory(t), 'recorded');
  writeFileSync(file, content);
  return spawnSync(action.file, [...action.args.slice(0, -1), file]).status === 0;
}

for (const [what, flags, there] of [
  ['permanent', '80', true],
  ['permanent and optimistic', '84', true],
  ['tentative', 'c0', false],
  ['tentative and refused as a duplicate', 'c8', false],
  ['refused as a duplicate', '88', false],
  ['not permanent', '00', false],
] as const) {
  test(`an IPv6 address that is ${what} ${there ? 'is' : 'is not'} there`, (t) => {
    t.is(found(t, 'fd00::11', `${LOOPBACK}${line(ELEVEN, flags)}`), there);
  });
}

test('an address is no other that begins or ends like it', (t) => {
  t.false(found(t, 'fd00::1', line(ELEVEN, '80')));
  t.false(found(t, 'fd00::11', line(ONE, '80')));
  t.true(found(t, 'fd00::1', `${line(ELEVEN, '80')}${line(ONE, '80')}`));
  t.false(found(t, '10.218.203.1', FIB_TRIE));
  t.false(found(t, '10.218.203.110', FIB_TRIE));
  t.false(found(t, '0.218.203.11', FIB_TRIE));
  t.false(found(t, '10.218.203.2', FIB_TRIE));
  t.true(found(t, '10.218.203.11', FIB_TRIE));
});

test('every short form of an address is the same address', (t) => {
  t.true(found(t, 'FD00:0::11', line(ELEVEN, '80')));
  t.true(found(t, '::1', LOOPBACK));
});

test("this host's own loopback address is found in its own /proc", (t) => {
  const node = {
    name: 'ts-a',
    addresses: [{ family: 'IPv4', address: '127.0.0.1' }],
  } as unknown as PlanNode;
  const [action] = waitForAddresses(node, { foreign: null });
  if (action?.kind !== 'exec') throw new Error('no program looks for it');
  t.notThrows(() => execFileSync(action.file, action.args));
});
