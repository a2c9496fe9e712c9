import { posix } from 'node:path';

/** A part of the scenarios, for one of several machines: the `index`-th of `total`, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly total: number;
}

/** What dealing out needs to know of a scenario. */
export interface Shardable {
  /** The same on every machine, and no two alike; see {@link shardKey}. */
  readonly key: string;
  /** How much work it is, compared with the others: its nodes. */
  readonly cost: number;
}

/** A shard that there can't be. */
export class ShardError extends Error {
  override readonly name = 'ShardError';
}

/** No CI system takes more jobs; a number beyond it is a slip. */
const MOST_SHARDS = 1000;

/**
 * Reads `I/N`.
 * @throws {ShardError} with what is wrong and what to write.
 */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  if (match === null) throw new ShardError(`"${text}" is no shard: write I/N, such as 1/3`);
  const [index, total] = [Number(match[1]), Number(match[2])];
  if (total === 0) {
    throw new ShardError(
      `"${text}": 0 shards hold nothing: the number after the slash is 1 or more, such as 1/3`,
    );
  }
  if (total > MOST_SHARDS) throw new ShardError(`"${text}": ${total} shards are more than ${MOST_SHARDS}`);
  if (index < 1 || index > total) {
    throw new ShardError(
      `"${text}": there is no shard ${index} of ${total}: shards count from 1 to ${total}`,
    );
  }
  return { index, total };
}

/**
 * A file's path below the named folder that holds it most closely, or its own path where it was named itself. Machines with their
 * checkouts in different places agree on it.
 */
export function shardKey(file: string, named: readonly string[]): string {
  const path = posix.normalize(file);
  const folders = named.map((name) => `${posix.normalize(name).replace(/\/+$/, '')}/`);
  const [closest] = folders
    .filter((folder) => path.startsWith(folder))
    .sort((one, other) => other.length - one.length);
  return closest === undefined ? path : path.slice(closest.length);
}

/**
 * One shard's scenarios, by key. The largest are dealt out first, each to the shard with the least work so far (LPT), so that no
 * shard has more work than another by more than one scenario. Depends on the keys and costs alone.
 */
export function shardOf<T extends Shardable>(scenarios: readonly T[], shard: Shard): T[] {
  const loads = Array.from({ length: shard.total }, (): T[] => []);
  const sums = loads.map(() => 0);
  const largestFirst = [...scenarios].sort((one, other) => other.cost - one.cost || byKey(one, other));
  for (const scenario of largestFirst) {
    const least = sums.indexOf(Math.min(...sums));
    loads[least]?.push(scenario);
    sums[least] = (sums[least] ?? 0) + scenario.cost;
  }
  return (loads[shard.index - 1] ?? []).sort(byKey);
}

/** By code unit, the same in every locale. */
function byKey(one: Shardable, other: Shardable): number {
  return one.key < other.key ? -1 : Number(one.key > other.key);
}
