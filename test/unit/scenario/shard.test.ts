import test from 'ava';
import { parseShard, shardKey, shardOf, type Shardable } from '../../../src/scenario/shard.ts';
import { seededRandom } from '../network/seeded-random.ts';

/** Scenarios with random sizes, in random order, and the same ones in another order. */
function draw(seed: number): { scenarios: Shardable[]; shuffled: Shardable[]; total: number } {
  const random = seededRandom(seed);
  const count = Math.floor(random() * 40);
  const scenarios = Array.from({ length: count }, (_, index) => ({
    key: `group-${Math.floor(random() * 4)}/s${index}.yaml`,
    cost: Math.floor(random() * 6),
  }));
  const shuffled = [...scenarios].sort(() => random() - 0.5);
  return { scenarios, shuffled, total: 1 + Math.floor(random() * 9) };
}

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);
const keys = (scenarios: readonly Shardable[]): string[] => scenarios.map(({ key }) => key);
const costOf = (scenarios: readonly Shardable[]): number =>
  scenarios.reduce((sum, { cost }) => sum + cost, 0);
const allShards = (scenarios: readonly Shardable[], total: number): Shardable[][] =>
  Array.from({ length: total }, (_, index) => shardOf(scenarios, { index: index + 1, total }));

test('every scenario is in exactly one shard', (t) => {
  for (const seed of SEEDS) {
    const { scenarios, total } = draw(seed);
    t.deepEqual(keys(allShards(scenarios, total).flat()).sort(), keys(scenarios).sort(), `seed ${seed}`);
  }
});

test('shards do not depend on the order in which scenarios are given', (t) => {
  for (const seed of SEEDS) {
    const { scenarios, shuffled, total } = draw(seed);
    t.deepEqual(allShards(shuffled, total).map(keys), allShards(scenarios, total).map(keys), `seed ${seed}`);
  }
});

test('no shard is longer than another by more than one scenario', (t) => {
  for (const seed of SEEDS) {
    const { scenarios, total } = draw(seed);
    const costs = allShards(scenarios, total).map(costOf);
    const largest = Math.max(0, ...scenarios.map(({ cost }) => cost));
    t.true(Math.max(...costs) - Math.min(...costs) <= largest, `seed ${seed}: ${costs.join(' ')}`);
  }
});

test('within a shard scenarios are in the order of their paths', (t) => {
  for (const seed of SEEDS) {
    for (const shard of allShards(draw(seed).shuffled, 3)) t.deepEqual(keys(shard), keys(shard).sort());
  }
});

test('the large ones are dealt out first', (t) => {
  const scenarios = [
    { key: 'a', cost: 1 },
    { key: 'b', cost: 1 },
    { key: 'c', cost: 1 },
    { key: 'd', cost: 3 },
  ];
  t.deepEqual(allShards(scenarios, 2).map(keys), [['d'], ['a', 'b', 'c']]);
});

test('more shards than scenarios: the last ones are empty', (t) => {
  t.deepEqual(allShards([{ key: 'a', cost: 1 }], 3).map(keys), [['a'], [], []]);
});

for (const [text, index, total] of [
  ['1/1', 1, 1],
  ['1/3', 1, 3],
  ['3/3', 3, 3],
  ['10/256', 10, 256],
] as const) {
  test(`"${text}" is a shard`, (t) => {
    t.deepEqual(parseShard(text), { index, total });
  });
}

for (const [text, said] of [
  ['0/3', /there is no shard 0 of 3: shards count from 1 to 3/],
  ['4/3', /there is no shard 4 of 3: shards count from 1 to 3/],
  ['1/0', /0 shards hold nothing: the number after the slash is 1 or more/],
  ['a/b', /"a\/b" is no shard: write I\/N, such as 1\/3/],
  ['1.5/2', /"1\.5\/2" is no shard/],
  ['1', /"1" is no shard/],
  ['', /"" is no shard/],
  ['1/3/5', /is no shard/],
  ['-1/3', /is no shard/],
  ['1/99999', /99999 shards are more than 1000/],
] as const) {
  test(`"${text}" is none, and the message says why`, (t) => {
    t.throws(() => parseShard(text), { name: 'ShardError', message: said });
  });
}

test("a scenario's key is its path below the folder that was named, so that it is the same on every machine", (t) => {
  t.is(shardKey('/home/a/repo/scenarios/x/y.yaml', ['/home/a/repo/scenarios']), 'x/y.yaml');
  t.is(shardKey('scenarios/x/y.yaml', ['./scenarios/']), 'x/y.yaml');
  t.is(shardKey('scenarios/x/y.yaml', ['scenarios', 'scenarios/x']), 'y.yaml');
  t.is(shardKey('./y.yaml', ['./y.yaml']), 'y.yaml');
  t.is(shardKey('scenarios2/y.yaml', ['scenarios']), 'scenarios2/y.yaml');
});
