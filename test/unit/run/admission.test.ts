import test from 'ava';
import {
  decideAdmission,
  LEAST_NODE_MEMORY_BYTES,
  NODE_DISK_BYTES,
  NODE_MEMORY_BYTES,
  type ActiveRun,
  type HostResources,
  type RunNeeds,
} from '../../../src/run/admission.ts';
import { seededBytes } from '../network/seeded-random.ts';

const needs = (nodes: number, change: Partial<RunNeeds> = {}): RunNeeds => ({
  nodes,
  families: ['IPv4', 'IPv6'],
  pods: ['10.1.0.0/16', 'fd01::/108'],
  services: ['10.152.183.0/24', 'fd98::/108'],
  bridge: { IPv4: null, IPv6: null },
  ...change,
});

const active = (stage: ActiveRun['stage'], nodes = 1, change: Partial<ActiveRun> = {}): ActiveRun => ({
  label: 'other',
  stage,
  needs: needs(nodes),
  ranges: [],
  ...change,
});

const PLENTY: HostResources = {
  memoryAvailableBytes: 64 * NODE_MEMORY_BYTES,
  memoryTotalBytes: 64 * NODE_MEMORY_BYTES,
  diskFreeBytes: 64 * NODE_DISK_BYTES,
  used: [],
};
const randomBytes = seededBytes(1);
const decide = (run: RunNeeds, others: readonly ActiveRun[], host: Partial<HostResources> = {}) =>
  decideAdmission(run, others, { ...PLENTY, ...host }, randomBytes);

test('with room for everything it is admitted, alone and beside others', (t) => {
  t.is(decide(needs(3), []).verdict, 'admit');
  t.is(decide(needs(3), [active('growing'), active('grown')]).verdict, 'admit');
});

test('while another run prepares host and image, it waits', (t) => {
  t.like(decide(needs(1), [active('preparing')]), {
    verdict: 'wait',
    short: 'image',
    why: 'other prepares the host and the node image',
  });
});

for (const [title, nodes, others, need] of [
  ['one node beside a run that has grown', 1, [active('grown', 3)], 1],
  ['one node beside a run of one that grows', 1, [active('growing')], 2],
  ['two nodes beside a run of three that grows', 2, [active('growing', 3), active('grown')], 5],
] as const) {
  test(`memory: ${title}`, (t) => {
    const enough = need * NODE_MEMORY_BYTES;
    t.is(decide(needs(nodes), others, { memoryAvailableBytes: enough }).verdict, 'admit');
    t.like(decide(needs(nodes), others, { memoryAvailableBytes: enough - 1 }), {
      verdict: 'wait',
      short: 'memory',
    });
  });

  test(`disk: ${title}`, (t) => {
    const enough = need * NODE_DISK_BYTES;
    t.is(decide(needs(nodes), others, { diskFreeBytes: enough }).verdict, 'admit');
    t.like(decide(needs(nodes), others, { diskFreeBytes: enough - 1 }), { verdict: 'wait', short: 'disk' });
  });
}

test('a wait says how much there is, how much is needed and who has it', (t) => {
  const decision = decide(needs(2), [active('growing', 1, { label: 'quickstart' })], {
    memoryAvailableBytes: 2 * 1024 ** 3,
  });
  t.like(decision, {
    why: 'memory is short: it needs 3.0 GiB, and of 2.0 GiB available 1.5 GiB are promised to quickstart',
  });
});

test('alone, what other programs leave of the memory is not waited for: it starts with a warning', (t) => {
  const decision = decide(needs(3), [], { memoryAvailableBytes: NODE_MEMORY_BYTES });
  t.is(decision.verdict, 'admit');
  t.regex(decision.verdict === 'admit' ? (decision.warning ?? '') : '', /4\.5 GiB.*1\.5 GiB available/);
});

test('what the whole host is too small for is never admitted', (t) => {
  const total = 3 * LEAST_NODE_MEMORY_BYTES;
  t.is(decide(needs(3), [], { memoryTotalBytes: total, memoryAvailableBytes: total }).verdict, 'admit');
  const tooSmall = { memoryTotalBytes: total - 1, memoryAvailableBytes: total - 1 };
  for (const others of [[], [active('growing')], [active('grown')]]) {
    t.like(decide(needs(3), others, tooSmall), { verdict: 'never', short: 'memory' });
  }
});

test('alone, what the disk has no room for is never admitted: nothing of ours will make room', (t) => {
  const enough = 3 * NODE_DISK_BYTES;
  t.is(decide(needs(3), [], { diskFreeBytes: enough }).verdict, 'admit');
  t.like(decide(needs(3), [], { diskFreeBytes: enough - 1 }), { verdict: 'never', short: 'disk' });
});

test('what could not be measured does not stop anything', (t) => {
  const unknown = { memoryAvailableBytes: null, memoryTotalBytes: null, diskFreeBytes: null, used: null };
  t.is(decide(needs(9), [active('growing')], unknown).verdict, 'admit');
});

/** All private IPv4 space but for one /24 of each address given. */
const allBut = (...free: readonly number[]) => [
  ...['172.16.0.0/12', '192.168.0.0/16'].map((range) => ({ range, usedBy: 'a route via eth0' })),
  ...Array.from({ length: 256 }, (_, second) => second)
    .filter((second) => second !== 200)
    .map((second) => ({ range: `10.${second}.0.0/16`, usedBy: 'a route via eth0' })),
  ...Array.from({ length: 256 }, (_, third) => third)
    .filter((third) => !free.includes(third))
    .map((third) => ({ range: `10.200.${third}.0/24`, usedBy: 'a route via eth0' })),
];

test('address space: the last free range is for one run', (t) => {
  t.is(decide(needs(1), [], { used: allBut(5) }).verdict, 'admit');
  t.is(decide(needs(1), [active('growing')], { used: allBut(5, 6) }).verdict, 'admit');
  t.like(decide(needs(1), [active('growing')], { used: allBut(5) }), {
    verdict: 'wait',
    short: 'address-space',
  });
});

test('address space: a range that a run has chosen is not counted twice', (t) => {
  const chosen = active('growing', 1, { ranges: ['10.200.5.0/24', 'fd00::/64'] });
  const used = [...allBut(5, 6), { range: '10.200.5.0/24', usedBy: 'run abcdef' }];
  t.is(decide(needs(1), [chosen], { used }).verdict, 'admit');
});

test('address space: where all is taken by others, waiting is of no use', (t) => {
  t.like(decide(needs(1), [active('growing')], { used: allBut() }), {
    verdict: 'never',
    short: 'address-space',
  });
});

test('two scenarios that write the same node range run one after the other', (t) => {
  const written = needs(1, { bridge: { IPv4: '10.77.0.0/24', IPv6: null } });
  const other = active('growing', 1, { needs: written, label: 'first' });
  t.like(decide(written, [other]), { verdict: 'wait', short: 'address-space' });
  const started = { ...other, ranges: ['10.77.0.0/24', 'fd00:1::/64'] };
  const used = [{ range: '10.77.0.1/24', usedBy: 'an LXD network' }];
  t.like(decide(written, [started], { used }), { verdict: 'wait', short: 'address-space' });
  t.is(decide(written, []).verdict, 'admit');
  t.like(decide(written, [], { used }), { verdict: 'never', short: 'address-space' });
});
