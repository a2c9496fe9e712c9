import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json: with `scenarios`, `schemas` and `templates` in it, in a checkout as when installed. */
export function packageRoot(): string {
  return fileURLToPath(new URL('..', import.meta.url));
}

/** This program's version, from package.json. */
export async function packageVersion(): Promise<string> {
  const text = await readFile(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
