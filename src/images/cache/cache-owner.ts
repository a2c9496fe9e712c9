import { lchown, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Makes a directory of a cache. All of a cache belongs to its owner, though root builds in it: the owner must be able to remove it,
 * and to take the same locks.
 */
export async function makeCacheDirectory(directory: string, cacheDir: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o755 });
  if (made !== undefined) await giveToCacheOwner(made, cacheDir);
}

/** Makes the file that a lock is taken on, unless it is there. */
export async function makeLockFile(file: string, cacheDir: string): Promise<void> {
  await makeCacheDirectory(dirname(file), cacheDir);
  await (await open(file, 'a', 0o600)).close();
  await giveToCacheOwner(file, cacheDir);
}

/** Gives a file or a tree to the owner of the cache; nothing to do for everybody but root. */
export async function giveToCacheOwner(path: string, cacheDir: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(cacheDir);
  if (uid === 0) return;
  const give = async (entry: string, isDirectory: boolean): Promise<void> => {
    await lchown(entry, uid, gid);
    if (!isDirectory) return;
    for (const child of await readdir(entry, { withFileTypes: true })) {
      await give(join(entry, child.name), child.isDirectory());
    }
  };
  await give(path, (await stat(path)).isDirectory());
}
