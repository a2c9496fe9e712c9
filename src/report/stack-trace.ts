/**
 * What an unexpected error has to say: its stack, and those of its causes. `util.inspect` would show more, but breaks long strings
 * into literals, out of which a secret of several lines can't be taken any more.
 */
export function stackTrace(error: unknown): string {
  const blocks: string[] = [];
  collect(error, '', blocks, new Set());
  return `${blocks.join('\n\n')}\n`;
}

function collect(error: unknown, title: string, blocks: string[], seen: Set<unknown>): void {
  if (error === undefined || seen.has(error)) return;
  seen.add(error);
  if (!(error instanceof Error)) {
    blocks.push(`${title}${typeof error === 'string' ? error : plainText(error)}`);
    return;
  }
  blocks.push(`${title}${error.stack ?? String(error)}`);
  collect(error.cause, 'Caused by: ', blocks, seen);
  if (error instanceof AggregateError) {
    for (const one of error.errors as unknown[]) collect(one, 'One of them: ', blocks, seen);
  }
}

function plainText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Circular, or with a BigInt in it: its kind must do.
    return Object.prototype.toString.call(value);
  }
}
