/** A value that a text asks for and nobody has. */
export class UnknownValueError extends Error {
  override readonly name = 'UnknownValueError';
}

/**
 * Replaces each `{{name}}` by its value.
 * @throws {UnknownValueError} for a name without a value, unless `keepUnknown` leaves it in place (for `plan`).
 */
export function renderTemplate(
  text: string,
  values: ReadonlyMap<string, string>,
  keepUnknown = false,
): string {
  return text.replace(/\{\{([\w.-]+)\}\}/g, (placeholder, name: string) => {
    const value = values.get(name);
    if (value !== undefined) return value;
    if (keepUnknown) return placeholder;
    throw new UnknownValueError(`no value for ${placeholder}`);
  });
}
