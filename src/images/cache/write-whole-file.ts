import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { syncFolder } from './sync-folder.ts';

const PARTIAL = '.partial-';

/**
 * Writes a file under a temporary name beside its place and moves it there when it is complete and on disk: whoever finds the name
 * finds a whole file. The temporary file is gone on every way out; after a SIGKILL the next call for the same name removes it.
 */
export async function writeWholeFile(
  file: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const folder = dirname(file);
  await removeDeadPartials(folder, basename(file));
  const temporary = `${file}${PARTIAL}${randomUUID().slice(0, 8)}`;
  const handle = await open(temporary, 'wx', 0o644);
  try {
    // The kernel drops it when this process ends, however it ends.
    tryLock(handle.fd);
    await write(handle);
    await handle.sync();
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Removes what killed processes left; a file that somebody still writes is locked. */
async function removeDeadPartials(folder: string, name: string): Promise<void> {
  for (const left of await readdir(folder)) {
    if (!left.startsWith(`${name}${PARTIAL}`)) continue;
    const handle = await open(join(folder, left), 'r+').catch(() => null);
    if (handle === null) continue;
    try {
      if (tryLock(handle.fd)) await rm(join(folder, left), { force: true });
    } finally {
      await handle.close();
    }
  }
}
