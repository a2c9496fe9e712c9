/** @param {readonly number[]} values */
export function summary(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? null;
  return { median, min: sorted[0] ?? null, max: sorted.at(-1) ?? null, runs: [...values] };
}

/**
 * A summary of each figure.
 * @param {readonly Readonly<Record<string, number>>[]} rounds
 */
export function summaries(rounds) {
  const names = new Set(rounds.flatMap((round) => Object.keys(round)));
  return Object.fromEntries(
    [...names].map((name) => [name, summary(rounds.flatMap((round) => round[name] ?? []))]),
  );
}
