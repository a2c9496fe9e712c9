import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeCacheEntry } from '../images/cache/cache-entry.ts';
import { listNodeImages } from '../images/cache/cached-images.ts';
import { alignColumns } from '../report/columns.ts';
import type { Workbench } from './command-context.ts';
import type { CachedResource, CallOptions, Provider } from '../providers/provider.ts';

/** Something that stays on purpose, in a folder of ours or in the engine. */
export interface CacheItem {
  /** Such as `node-image`, `component`, `base`, `engine-image`, `storage-pool`. */
  readonly kind: string;
  readonly name: string;
  /** What it is for people: a release, a version; empty where the name says it. */
  readonly about: string;
  /** Null in the engine. */
  readonly path: string | null;
  /** Bytes on the disk; null where it can't be told. */
  readonly sizeBytes: number | null;
}

/** What stays on purpose in an engine. */
interface EngineCache {
  readonly provider: Provider;
  readonly resource: CachedResource;
}

/** The parts of a cache and build that hold an entry each in a folder of its own, which a build locks. */
const ENTRY_FOLDERS = [
  ['images', 'node-image'],
  ['components', 'component'],
  ['bases', 'base'],
] as const;
const CALL_TIMEOUT_MS = 120_000;
/** How long a removal waits for a build that uses an entry. */
const LOCK_TIMEOUT_MS = 10_000;

const callOf = (signal: AbortSignal): CallOptions => ({ timeoutMs: CALL_TIMEOUT_MS, signal });

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

/** Bytes that a file or folder takes; null where a part of it can't be read. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    const stats = await lstat(path);
    let size = stats.blocks * 512;
    if (!stats.isDirectory()) return size;
    for (const name of await readdir(path)) {
      const inside = await sizeOf(join(path, name));
      if (inside === null) return null;
      size += inside;
    }
    return size;
  } catch {
    return null;
  }
}

/** What is cached in the engines; without an engine there is nothing in it. */
async function cachedInEngines({ providers }: Workbench, call: CallOptions): Promise<EngineCache[]> {
  const lists = await Promise.all(
    [...providers.values()].map(async (provider) => {
      const there = await provider.info(call).then(
        () => true,
        () => false,
      );
      const cached = there ? await provider.listCached(call) : [];
      return cached.map((resource) => ({ provider, resource }));
    }),
  );
  return lists.flat();
}

/** Everything that stays on this host on purpose. */
export async function listCaches(workbench: Workbench, signal: AbortSignal): Promise<CacheItem[]> {
  const { cache } = workbench.directories;
  const releases = new Map(
    (await listNodeImages(cache)).map(({ key, kubernetesVersion, format }) => [
      key,
      `Kubernetes ${kubernetesVersion}${format === 'kind' ? ', for kind' : ''}`,
    ]),
  );
  const known = new Map<string, string>(ENTRY_FOLDERS);
  const items: CacheItem[] = [];
  for (const folder of await namesIn(cache)) {
    const path = join(cache, folder);
    const kind = known.get(folder);
    if (kind === undefined) {
      items.push({ kind: 'folder', name: folder, about: '', path, sizeBytes: await sizeOf(path) });
      continue;
    }
    for (const name of await namesIn(path)) {
      const entry = join(path, name);
      const about = releases.get(name) ?? '';
      items.push({ kind, name, about, path: entry, sizeBytes: await sizeOf(entry) });
    }
  }
  const inEngines = await cachedInEngines(workbench, callOf(signal));
  return [
    ...items,
    ...inEngines.map(({ provider, resource }) => ({ ...resource, about: `in ${provider.name}`, path: null })),
  ];
}

/** Caches as lines for people, with their sum. */
export function cacheLines(items: readonly CacheItem[]): string[] {
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  const size = ({ sizeBytes }: CacheItem): string => (sizeBytes === null ? '?' : megabytes(sizeBytes));
  const rows = items.map((item) => [item.kind, size(item), item.about, item.path ?? item.name]);
  const sum = items.reduce((total, { sizeBytes }) => total + (sizeBytes ?? 0), 0);
  return [
    '',
    ...alignColumns([['CACHE', 'SIZE', 'OF', 'WHERE'], ...rows], { width: null, indent: 0 }),
    megabytes(sum),
  ];
}

/** Removes all of it: in the engine the images before the pool that holds them. @returns what could not be removed, in words. */
export async function removeCaches(
  workbench: Workbench,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<string[]> {
  const { directories } = workbench;
  const errors: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    onProgress(`removing ${what}`);
    await work().catch((error: unknown) => {
      signal.throwIfAborted();
      errors.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  const call = callOf(signal);
  const inEngines = await cachedInEngines(workbench, call);
  for (const { provider, resource } of inEngines.sort((a, b) =>
    a.resource.kind.localeCompare(b.resource.kind),
  )) {
    const what = `${resource.kind} ${resource.name} in ${provider.name}`;
    await attempt(what, () => provider.removeCached(resource, call));
  }
  for (const [folder, kind] of ENTRY_FOLDERS) {
    for (const name of await namesIn(join(directories.cache, folder))) {
      const entry = {
        directory: join(directories.cache, folder, name),
        title: `${kind} ${name.slice(0, 40)}`,
      };
      const deadline = performance.now() + LOCK_TIMEOUT_MS;
      const options = { cacheDir: directories.cache, signal, deadline, report: () => undefined };
      await attempt(entry.title, () => removeCacheEntry(entry, options));
    }
  }
  // A build at work still needs what is beside its entry.
  if (errors.length === 0) {
    await attempt(directories.cache, () => rm(directories.cache, { recursive: true, force: true }));
  }
  return errors;
}
