import { open } from 'node:fs/promises';
import type { NodeImageSpec } from '../node-image.ts';

const ELF_MAGIC = Buffer.from('\x7fELF', 'latin1');
const HEADER_BYTES = 64;
/** Of a program header that names the loader. */
const PT_INTERP = 3;
const MACHINES: Readonly<Record<number, NodeImageSpec['architecture']>> = { 62: 'amd64', 183: 'arm64' };
/** Debian's loader of each architecture, which a dynamically linked program asks for by this name. */
const LOADERS = { amd64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' } as const;

/** What a program's file says of itself. */
export interface ProgramHeader {
  /** Null for one that no node has. */
  readonly architecture: NodeImageSpec['architecture'] | null;
  /** Path of the loader that it asks for; null when it is statically linked. */
  readonly loader: string | null;
}

/** Reads the header of an ELF program; null when the file is none. Elf64, little-endian: all that nodes run. */
export async function readProgramHeader(file: string): Promise<ProgramHeader | null> {
  const handle = await open(file, 'r');
  try {
    const read = async (position: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const header = await read(0, HEADER_BYTES);
    const isElf64 =
      header.length === HEADER_BYTES && header.subarray(0, 4).equals(ELF_MAGIC) && header[4] === 2;
    if (!isElf64 || header[5] !== 1) return null;
    const architecture = MACHINES[header.readUInt16LE(18)] ?? null;
    const entrySize = header.readUInt16LE(54);
    const table = await read(Number(header.readBigUInt64LE(32)), entrySize * header.readUInt16LE(56));
    for (let at = 0; entrySize >= 56 && at + 56 <= table.length; at += entrySize) {
      if (table.readUInt32LE(at) !== PT_INTERP) continue;
      const length = Math.min(Number(table.readBigUInt64LE(at + 32)), 4096);
      const loader = await read(Number(table.readBigUInt64LE(at + 8)), length);
      return { architecture, loader: loader.toString('latin1').replace(/\0.*$/s, '') };
    }
    return { architecture, loader: null };
  } finally {
    await handle.close();
  }
}

/** Of a section that takes no room in its file. */
const SHT_NOBITS = 8;

/** The components of k0s have a hundred times as many; a signature or a table of symbols behind a program far fewer. */
const LEAST_ATTACHED_BYTES = 1024 * 1024;

/** Whether an ELF program carries more behind itself, as k0s carries its components. */
export async function hasAttachment(file: string, sizeBytes: number): Promise<boolean> {
  return sizeBytes - (await programSize(file)) >= LEAST_ATTACHED_BYTES;
}

/** How many bytes an ELF program has of its own, by its tables. Zero when the file is none. */
async function programSize(file: string): Promise<number> {
  const handle = await open(file, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || !header.subarray(0, 4).equals(ELF_MAGIC)) return 0;
    const entrySize = header.readUInt16LE(58);
    const table = Buffer.alloc(entrySize * header.readUInt16LE(60));
    const tableAt = Number(header.readBigUInt64LE(40));
    const { bytesRead: length } = await handle.read(table, 0, table.length, tableAt);
    let end = tableAt + length;
    for (let at = 0; entrySize >= 64 && at + 64 <= length; at += entrySize) {
      if (table.readUInt32LE(at + 4) === SHT_NOBITS) continue;
      end = Math.max(end, Number(table.readBigUInt64LE(at + 24)) + Number(table.readBigUInt64LE(at + 32)));
    }
    return end;
  } finally {
    await handle.close();
  }
}

/** What a program must be to go into a node. */
export interface ProgramRequirement {
  readonly architecture: NodeImageSpec['architecture'];
  /** It goes into a container image made from scratch, which has no libraries. */
  readonly static: boolean;
}

/** What is wrong with a file as a program of a node, for a reader; null when nothing is. */
export async function programProblem(file: string, wanted: ProgramRequirement): Promise<string | null> {
  const header = await readProgramHeader(file);
  if (header === null) return 'is no 64-bit ELF program';
  if (header.architecture !== wanted.architecture)
    return `is a program for ${header.architecture ?? 'another architecture'}, and the node is ${wanted.architecture}`;
  if (header.loader === null) return null;
  if (wanted.static)
    return 'is dynamically linked, and its container image has no libraries: build it with CGO_ENABLED=0';
  if (header.loader !== LOADERS[wanted.architecture])
    return `is linked for the loader ${header.loader}, which a Debian node does not have: build it with CGO_ENABLED=0`;
  return null;
}
