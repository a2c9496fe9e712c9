import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** Files by their path relative to a folder, in the paths' order. */
export type TemplateFiles = ReadonlyMap<string, Buffer>;

/** Reads a folder of template files with everything below it. */
export async function readTemplateFiles(directory: string): Promise<TemplateFiles> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(directory, file))] as const)),
  );
}

/** The SHA-256 of each file, for a key. */
export function hashTemplateFiles(files: TemplateFiles): Record<string, string> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)]));
}

/**
 * Writes files below a root. Modes are set, not taken over: what a checkout or an npm package has depends on who unpacked it, and
 * nothing in a node needs more than 0644.
 */
export async function writeTemplateFiles(
  files: TemplateFiles,
  root: string,
  render: (text: string) => string,
): Promise<void> {
  for (const [path, bytes] of files) {
    const file = join(root, path);
    await makeDirectories(root, dirname(path));
    await writeFile(file, render(bytes.toString('utf8')));
    await chmod(file, 0o644);
  }
}

/** Makes a directory below a root with all above it, each open to everyone to read: a build's umask may be anything. */
export async function makeDirectories(root: string, path: string): Promise<void> {
  let directory = root;
  for (const part of path.split('/').filter((part) => part !== '.')) {
    directory = join(directory, part);
    const made = await mkdir(directory, { recursive: true });
    if (made !== undefined) await chmod(directory, 0o755);
  }
}

/** SHA-256 as hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
