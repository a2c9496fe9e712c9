import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { remainingMs, type BuildContext, type WaitContext } from '../build/build-context.ts';
import { giveToCacheOwner, makeCacheDirectory, makeLockFile } from './cache-owner.ts';
import { syncFolder } from './sync-folder.ts';
import { imageFailure } from '../image-failure.ts';
import { runTool } from '../build/run-tool.ts';
import { withFileLock } from '../../run/file-lock.ts';
import { WaitTimeoutError } from '../../run/wait-until.ts';

/** A directory of the cache that is either complete or not there. Its name holds the key of its content. */
export interface CacheEntry {
  readonly directory: string;
  /** For a message: "etcd 3.6.8". */
  readonly title: string;
}

const TEMPORARY = '.tmp-';

/** Whether an entry of the cache is there, and so complete. */
export async function hasCacheEntry(directory: string): Promise<boolean> {
  return await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Makes an entry of the cache unless it is there. It is built in a temporary directory beside its place and moved there when it is
 * complete and on disk, so a build that was killed leaves nothing that could be taken for one. Of several at once, one builds and the
 * others wait for it.
 */
export async function ensureCacheEntry(
  entry: CacheEntry,
  context: BuildContext,
  build: (temporaryDirectory: string) => Promise<void>,
): Promise<'found' | 'built'> {
  if (await hasCacheEntry(entry.directory)) return 'found';
  return await withCacheLock(entry.directory, entry.title, context, async () => {
    if (await hasCacheEntry(entry.directory)) return 'found';
    const parent = dirname(entry.directory);
    await makeCacheDirectory(parent, context.cacheDir);
    await removeStaleEntries(parent, basename(entry.directory), context);
    const temporary = `${entry.directory}${TEMPORARY}${randomUUID()}`;
    await mkdir(temporary, { mode: 0o755 });
    // At once: should root be killed here, the owner must be able to remove what is in it.
    await giveToCacheOwner(temporary, context.cacheDir);
    try {
      await build(temporary);
      context.signal.throwIfAborted();
      const toDisk = { purpose: `writing ${entry.title} to disk` };
      await runTool(context, 'sync', ['--file-system', temporary], toDisk);
      await giveToCacheOwner(temporary, context.cacheDir);
      await rename(temporary, entry.directory);
      await syncFolder(parent);
    } catch (error) {
      await removeTree(temporary);
      context.signal.throwIfAborted();
      throw imageFailure(`could not make ${entry.title}`, error);
    }
    return 'built';
  });
}

/** Removes an entry of the cache, when nobody builds it. */
export async function removeCacheEntry(entry: CacheEntry, context: WaitContext): Promise<void> {
  await withCacheLock(entry.directory, entry.title, context, async () => {
    // Out of its place first: a removal that is cut short must not leave half of an entry there.
    const temporary = `${entry.directory}${TEMPORARY}${randomUUID()}`;
    if (await hasCacheEntry(entry.directory)) await rename(entry.directory, temporary);
    await removeTree(temporary);
  });
}

/** Does the work while nobody else works at that path of the cache; tells when it has to wait for that. */
export async function withCacheLock<T>(
  path: string,
  title: string,
  context: WaitContext,
  work: () => Promise<T>,
): Promise<T> {
  const options = {
    condition: `another process has finished ${title}`,
    timeoutMs: remainingMs(context),
    signal: context.signal,
    onWait: () => context.report(`waiting: another process works at ${title}`),
  };
  try {
    const file = lockFile(path, context);
    await makeLockFile(file, context.cacheDir);
    return await withFileLock(file, options, work);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof WaitTimeoutError) throw imageFailure(`could not make ${title}`, error);
    throw error;
  }
}

/** Removes a tree; a child that is ending may still add a file, which the retries are for. */
export async function removeTree(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Does the work when nobody else works at that path of the cache, and otherwise leaves it. */
export async function unlessCacheLocked(
  path: string,
  context: WaitContext,
  work: () => Promise<void>,
): Promise<void> {
  const now = { condition: 'nobody else works at it', timeoutMs: 0, signal: context.signal };
  await withFileLock(lockFile(path, context), now, work).catch((error: unknown) => {
    if (!(error instanceof WaitTimeoutError)) throw error;
  });
}

/** Removes what builds left in a directory that ended before they were done; one that still runs holds its entry's lock. */
async function removeStaleEntries(parent: string, lockedName: string, context: WaitContext): Promise<void> {
  for (const name of await readdir(parent)) {
    const [entryName, token] = name.split(TEMPORARY);
    if (entryName === undefined || token === undefined) continue;
    const remove = (): Promise<void> => removeTree(join(parent, name));
    if (entryName === lockedName) await remove();
    else await unlessCacheLocked(join(parent, entryName), context, remove);
  }
}

/** Lock files stay for good: removing one that somebody just opened would let two hold "the same" lock. */
function lockFile(path: string, { cacheDir }: WaitContext): string {
  return join(cacheDir, 'locks', `${relative(cacheDir, path).replaceAll('/', '-')}.lock`);
}
