/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/**
 * A copy of data with every secret taken out of its strings, keys included. It works on data and not on encoded text, because a
 * secret with a newline or a quote looks different in JSON.
 */
export function redact<T>(value: T, secrets: Iterable<string>): T {
  const known = [...secrets].filter((secret) => secret !== '');
  // A program's output may have a key of several lines in a string literal.
  const forms = new Set(known.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]));
  // The longest first: a secret that contains another would otherwise leave its rest behind.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return ordered.length === 0 ? value : (redactValue(value, ordered) as T);
}

function redactValue(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return redactText(value, secrets);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, secrets));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [
      redactText(key, secrets),
      redactValue(item, secrets),
    ]);
    return Object.fromEntries(entries);
  }
  return value;
}

function redactText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}
