import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Bytes that a user may still write at a path, or at its nearest folder that exists; null when nobody says. */
export async function freeBytes(path: string): Promise<number | null> {
  for (let folder = path; ; folder = dirname(folder)) {
    const stats = await statfs(folder).catch(() => null);
    if (stats !== null) return stats.bavail * stats.bsize;
    if (folder === dirname(folder)) return null;
  }
}
