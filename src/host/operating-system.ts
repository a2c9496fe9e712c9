import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Which system this host runs, as /etc/os-release says; what it does not say is empty. */
export interface OperatingSystem {
  /** Such as `debian`, `ubuntu`. */
  readonly id: string;
  /** Such as 12 or 24.04; `NaN` where it has none. */
  readonly version: number;
  /** Such as `bookworm`. */
  readonly codename: string;
}

/** Reads what /etc/os-release says. */
export function parseOsRelease(text: string): OperatingSystem {
  const values = new Map<string, string>();
  for (const [, key = '', value = ''] of text.matchAll(/^([A-Z_]+)=(.*)$/gm)) {
    values.set(key, value.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return {
    id: values.get('ID') ?? '',
    version: Number.parseFloat(values.get('VERSION_ID') ?? ''),
    codename: values.get('VERSION_CODENAME') ?? '',
  };
}

/** Looks at this host. */
export async function readOperatingSystem(): Promise<OperatingSystem> {
  return parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''));
}

const APT_FOLDER = '/etc/apt';

/** Every word of apt's sources outside of comments: enough to tell whether one of them names a suite. */
export async function readAptSuites(folder = APT_FOLDER): Promise<ReadonlySet<string>> {
  const parts = join(folder, 'sources.list.d');
  const names = (await readdir(parts).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name));
  const files = [join(folder, 'sources.list'), ...names.map((name) => join(parts, name))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return new Set(texts.flatMap((text) => text.replace(/#.*$/gm, '').split(/\s+/)));
}
