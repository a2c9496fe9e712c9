import test from 'ava';
import { modulesToLoad, moduleState, type ModuleState } from '../../../src/host/kernel-modules.ts';
import { wildcardsIn } from '../../../src/host/wildcard-listeners.ts';

const LISTS = {
  loaded: 'br_netfilter 32768 0 - Live 0x0\n',
  builtIn: 'kernel/net/core/foo.ko\nkernel/fs/overlayfs/overlay.ko\n',
  installed:
    'kernel/net/bridge/br_netfilter.ko.zst: kernel/net/bridge/bridge.ko.zst\nkernel/drivers/net/veth.ko.zst:\n',
};
const NOTHING = { loaded: null, builtIn: null, installed: null };

for (const [name, proven, lists, state] of [
  ['br_netfilter', false, LISTS, 'there'],
  ['overlay', false, LISTS, 'there'],
  ['veth', false, LISTS, 'loadable'],
  ['nf_tables', false, LISTS, 'absent'],
  ['nf_tables', true, LISTS, 'there'],
  ['nf_tables', false, NOTHING, 'unknown'],
  ['nf_tables', true, NOTHING, 'there'],
] as const) {
  test(`${name}, ${proven ? 'seen' : 'not seen'}, ${lists === NOTHING ? 'no lists' : 'lists'}: ${state}`, (t) => {
    t.is(moduleState(name, proven, lists), state);
  });
}

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const line = (local: string, state: string): string =>
  `${HEAD}\n   1: ${local} 00000000:0000 ${state} 0 0 0\n`;

for (const [name, table, protocol, found] of [
  ['every IPv4 address', line('00000000:0035', '07'), 'udp', ['0.0.0.0:53/udp']],
  ['every IPv6 address', line(`${'0'.repeat(32)}:0035`, '0A'), 'tcp', ['[::]:53/tcp']],
  ['one address, as systemd-resolved', line('3500007F:0035', '07'), 'udp', []],
  ['another port', line('00000000:0036', '07'), 'udp', []],
  ['a connection that is open', line('00000000:0035', '01'), 'tcp', []],
] as const) {
  test(`a listener on ${name}`, (t) => {
    t.deepEqual(wildcardsIn(table, protocol, 53), found);
  });
}

test('an engine is asked to load what it can, and nothing else: a name that fails keeps a node from starting', (t) => {
  const states = new Map<string, ModuleState>([
    ['there', 'there'],
    ['loadable', 'loadable'],
    ['absent', 'absent'],
    ['unknown', 'unknown'],
  ]);
  t.deepEqual(modulesToLoad(states), ['loadable']);
});
