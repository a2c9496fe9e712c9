import test from 'ava';
import { clashingRanges } from '../../../src/network/clashing-ranges.ts';

const PODS = [
  { range: '10.1.0.0/16', use: 'pod range' },
  { range: 'fd01::/108', use: 'pod range' },
];
const clash = (range: string): string[] => clashingRanges(PODS, [{ range, usedBy: 'a route via wg0' }]);

test('a clash names both ranges and who has the other one', (t) => {
  t.deepEqual(clash('10.1.255.0/24'), [
    'pod range 10.1.0.0/16 overlaps 10.1.255.0/24, which belongs to a route via wg0',
  ]);
});

for (const [range, clashes] of [
  ['10.0.0.0/15', 1],
  ['10.1.0.1/32', 1],
  ['10.0.255.0/24', 0],
  ['10.2.0.0/24', 0],
  ['fd01::/64', 1],
  ['fd01::10:0/108', 0],
  ['0.0.0.0/0', 0],
  ['::/0', 0],
] as const) {
  test(`${range}: ${clashes === 0 ? 'no clash' : 'a clash'}`, (t) => {
    t.is(clash(range).length, clashes);
  });
}
