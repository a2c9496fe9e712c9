const HEADER_BYTES = 64;
const ENTRY_BYTES = 56;
const ADDRESS = 0x400000n;
/** exit(1), by machine. */
const CODE: Readonly<Record<number, Buffer>> = {
  62: Buffer.from('b83c000000bf010000000f05', 'hex'),
  183: Buffer.from('a80b80d2200080d2010000d4', 'hex'),
};

/**
 * The smallest program of Linux, which ends at once with 1. It has to be a true one: what the kernel does not take for a program, libc
 * gives to a shell.
 */
export function elfProgram(
  name: string,
  { machine = 62, loader = null }: { machine?: number; loader?: string | null } = {},
): Buffer {
  const entries = loader === null ? 1 : 2;
  const text = Buffer.from(loader === null ? '' : `${loader}\0`);
  const textAt = HEADER_BYTES + entries * ENTRY_BYTES;
  const code = CODE[machine] ?? Buffer.alloc(0);
  const body = Buffer.concat([text, code, Buffer.from(`${name}\n`)]);
  const size = BigInt(textAt + body.length);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('\x7fELF', 'latin1');
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(ADDRESS + BigInt(textAt + text.length), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(ENTRY_BYTES, 54);
  header.writeUInt16LE(entries, 56);
  const load = programHeader(1, 0n, size);
  const interpreter = programHeader(3, BigInt(textAt), BigInt(text.length));
  return Buffer.concat([header, ...(loader === null ? [load] : [interpreter, load]), body]);
}

function programHeader(type: number, offset: bigint, size: bigint): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt32LE(type, 0);
  entry.writeUInt32LE(5, 4);
  entry.writeBigUInt64LE(offset, 8);
  entry.writeBigUInt64LE(ADDRESS + offset, 16);
  entry.writeBigUInt64LE(ADDRESS + offset, 24);
  entry.writeBigUInt64LE(size, 32);
  entry.writeBigUInt64LE(size, 40);
  entry.writeBigUInt64LE(0x1000n, 48);
  return entry;
}
