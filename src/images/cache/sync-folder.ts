import { open } from 'node:fs/promises';

/** Makes the names in a folder last: a file that was moved there is found after a power cut too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
