/** Whether a value of a run is a secret, by its name. */
export function isSecretName(name: string): boolean {
  return name.startsWith('secret.');
}

/** The secrets among the values of a run. */
export function secretValues(values: ReadonlyMap<string, string>): string[] {
  return [...values].flatMap(([name, value]) => (isSecretName(name) ? [value] : []));
}
