import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { waitUntil, type Look } from './wait-until.ts';

/** Who waits for what. */
export interface LockOptions {
  /** What holding the lock means; completes "waiting until …". */
  readonly condition: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onWait?: () => void;
}

const RETRY_MS = 100;

/**
 * Does the work while holding a lock on a file. The kernel releases it when the process ends, however it ends, so a lock is never
 * stale. The file stays.
 */
export async function withFileLock<T>(
  file: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  // Native code, which there is not for every machine: only who takes a lock needs it.
  const { tryLock, unlock } = await import('fs-native-extensions');
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a', 0o600);
  try {
    await waitUntil(
      (attempt): Promise<Look<null>> => {
        const met = tryLock(handle.fd);
        if (!met && attempt === 1) options.onWait?.();
        return Promise.resolve(
          met ? { met, value: null } : { met, missing: `another process holds ${file}` },
        );
      },
      { intervalMs: RETRY_MS, ...options },
    );
    return await work();
  } finally {
    unlock(handle.fd);
    await handle.close();
  }
}
