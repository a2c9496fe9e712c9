import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** How much of a file is read at once: an image has some 400 MB. */
export const CHUNK_BYTES = 1 << 20;

/** Bytes on their way: counted, hashed, and told of. */
export interface Meter {
  readonly stream: Transform;
  /** SHA-256 (hex) and number of the bytes that came through; once, at the end. */
  read(): { readonly sha256: string; readonly sizeBytes: number };
}

/** Makes a {@link Meter}. @param onBytes called with the size of each piece. */
export function createMeter(onBytes: (count: number) => void = () => undefined): Meter {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  return { stream, read: () => ({ sha256: hash.digest('hex'), sizeBytes }) };
}

/** Size and SHA-256 (hex) of a file. */
export async function measureFile(
  file: string,
  signal: AbortSignal,
  onBytes?: (count: number) => void,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const meter = createMeter(onBytes);
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  await pipeline(source, meter.stream, async (bytes) => {
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      void chunk;
    }
  });
  return meter.read();
}

/** Tells of each tenth of a number of bytes that has come through: give it to {@link createMeter}. */
export function progress(
  { report }: { report(detail: string): void },
  what: string,
  total: number,
): (count: number) => void {
  let done = 0;
  let told = 0;
  return (count) => {
    done += count;
    const tenths = Math.floor((done / Math.max(1, total)) * 10);
    if (tenths <= told) return;
    told = tenths;
    report(`${what}: ${Math.min(100, tenths * 10)} %`);
  };
}
