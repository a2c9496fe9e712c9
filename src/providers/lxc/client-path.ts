import { realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Dialect } from './dialect.ts';

/** What snapd makes each command of a snap a link to. */
const SNAP_PROGRAM = '/usr/bin/snap';

/** Where a snap finds the host's own files. */
const HOST_FILES = '/var/lib/snapd/hostfs';

/** Whether the client that this search path leads to is a snap's, whose /tmp is another one than the host's. */
export async function clientIsSnap(
  { client, snapHome }: Dialect,
  path: string,
  snapProgram = SNAP_PROGRAM,
): Promise<boolean> {
  if (snapHome === null) return false;
  for (const folder of path.split(delimiter).filter((part) => part !== '')) {
    const file = await realpath(join(folder, client)).catch(() => null);
    if (file !== null) return file === snapProgram || file.startsWith('/snap/');
  }
  return false;
}

/**
 * A file's path as the client has to be given it. A snap has a /tmp of its own and finds the host's below another folder; its client
 * translates some paths itself and leaves those alone that are translated.
 */
export function clientPath(file: string, isSnap: boolean): string {
  return isSnap && /^\/(var\/)?tmp\//.test(file) ? `${HOST_FILES}${file}` : file;
}
