import ms from 'ms';

/** What a duration looks like: a number and its unit, with nothing between. */
export const DURATION_PATTERN = /^\d+(\.\d+)?(ms|s|m|h)$/;

/**
 * A duration such as `90s`, `10m` or `1.5h` in milliseconds, rounded.
 * @throws {RangeError} when the text doesn't look like `DURATION_PATTERN`.
 */
export function parseDuration(text: string): number {
  if (!DURATION_PATTERN.test(text)) throw new RangeError(`${text} is not a duration such as 10m`);
  return Math.round(ms(text as ms.StringValue));
}
