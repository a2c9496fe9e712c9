import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';
import { CHUNK_BYTES, createMeter } from '../download/meter.ts';

/** Everything that the same archive would otherwise get another time from another build: all of it is the same. */
const FIXED = { mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' };

/** Writes a tar archive. @returns the archive's SHA-256 as hex. */
export async function writeTar(file: string, fill: (tar: Pack) => Promise<void>): Promise<string> {
  const tar = pack();
  const meter = createMeter();
  const written = pipeline(tar, meter.stream, createWriteStream(file));
  const filled = fill(tar).then(
    () => tar.finalize(),
    (error: unknown) => {
      tar.destroy(error as Error);
      throw error;
    },
  );
  await Promise.all([written, filled]);
  return meter.read().sha256;
}

/** Adds a member without content. */
export async function addEntry(tar: Pack, header: Partial<Header> & { name: string }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    tar.entry({ ...FIXED, ...header }, (error) => (error ? reject(error) : resolve()));
  });
}

/** Adds a member that is in memory. */
export async function addData(tar: Pack, name: string, data: Uint8Array, mode: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    tar.entry({ ...FIXED, name, mode }, Buffer.from(data), (error) => (error ? reject(error) : resolve()));
  });
}

/** Adds a member that is a file of this host, read piece by piece. */
export async function addFile(tar: Pack, name: string, source: string, mode: number): Promise<void> {
  const { size } = await stat(source);
  const entry = tar.entry({ ...FIXED, name, mode, size });
  await pipeline(createReadStream(source, { highWaterMark: CHUNK_BYTES }), entry);
}
