import { basename } from 'node:path';
import { measureFile } from '../images/download/meter.ts';
import { assertFileOf } from '../scenario/snap-file.ts';
import type { PlannedSnap } from '../distributions/distribution.ts';
import type { InputFile } from '../images/archive/image-archive.ts';

/**
 * A snap of this host with what vouches for it, which lies beside it.
 * @param dangerous takes it without.
 * @returns what is wrong with it, to follow its name, when it can't be taken; rejects with the signal's reason.
 */
export async function readSnap(
  file: string,
  dangerous: boolean,
  signal: AbortSignal,
): Promise<PlannedSnap | string> {
  const assertFile = assertFileOf(file);
  try {
    const snap = await measured(file, signal);
    if (snap === null) return "can't be read: there is no such file";
    const assert = await measured(assertFile, signal);
    if (assert !== null || dangerous) return { name: basename(file), snap, assert };
    return (
      `has no ${basename(assertFile)} beside it, which vouches for it: get both with \`snap download\`, ` +
      'or write install.dangerous: true'
    );
  } catch (error) {
    signal.throwIfAborted();
    return `can't be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Null for a file that is not there. */
async function measured(file: string, signal: AbortSignal): Promise<InputFile | null> {
  try {
    return { file, ...(await measureFile(file, signal, () => undefined)) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
