import { createReadStream, createWriteStream } from 'node:fs';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/**
 * Takes single files out of a gzipped tar archive and nothing else, so no path in the archive leads anywhere.
 * @param members target file by path in the archive; a leading `./` there means nothing.
 * @returns the members that the archive does not have, or not as a regular file.
 */
export async function extractMembers(
  archive: string,
  members: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<string[]> {
  const wanted = new Map([...members].map(([path, file]) => [posix.normalize(path), file]));
  const tar = extract();
  const unpacked = pipeline(createReadStream(archive), createGunzip(), tar, { signal });
  const taken = (async () => {
    for await (const entry of tar) {
      const path = posix.normalize(entry.header.name);
      const target = wanted.get(path);
      if (target === undefined || entry.header.type !== 'file') {
        entry.resume();
        continue;
      }
      await pipeline(entry, createWriteStream(target), { signal });
      wanted.delete(path);
    }
  })();
  await Promise.all([unpacked, taken]);
  return [...wanted.keys()];
}
