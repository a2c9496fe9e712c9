import { overlaps } from './cidr.ts';
import { readUsedRange, type UsedRange } from './choose-node-network.ts';

/** A range of the cluster's own, and what it is for, such as `pod range`. */
export interface ClusterRange {
  readonly range: string;
  readonly use: string;
}

/** A sentence for each of the cluster's ranges that overlaps one that the host uses. */
export function clashingRanges(ranges: readonly ClusterRange[], used: readonly UsedRange[]): string[] {
  return ranges.flatMap(({ range, use }) => {
    const clash = used.find((other) => {
      const cidr = readUsedRange(other);
      return cidr !== null && overlaps(range, cidr);
    });
    if (clash === undefined) return [];
    return [`${use} ${range} overlaps ${clash.range}, which belongs to ${clash.usedBy}`];
  });
}
