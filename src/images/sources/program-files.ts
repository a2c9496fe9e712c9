import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { runContained } from '../build/run-tool.ts';
import type { BuildContext } from '../build/build-context.ts';
import type { ContainerFile } from '../build/scratch-image.ts';

/** Links that a Debian system has in its root since /usr was merged; programs name their loader by one of them. */
const MERGED_DIRECTORIES = ['bin', 'lib', 'lib64', 'sbin'];

/** How many links one path may lead through, as in Linux. */
const MAX_LINKS = 40;

/**
 * Collects the files that programs of a Debian tree need outside of it: themselves, the shared libraries that they are linked with,
 * and the links that lead to them. Paths inside a container are the same as in the tree.
 * @param plugins folders of libraries that a program loads by itself, which no look at the program would find.
 */
export async function collectProgramFiles(
  tree: string,
  programs: readonly string[],
  plugins: readonly string[],
  context: BuildContext,
): Promise<ContainerFile[]> {
  const files = new Map<string, ContainerFile>();
  const add = async (path: string): Promise<void> => {
    const { real, links } = await resolveInTree(tree, path);
    for (const [link, target] of links) files.set(link, { path: link, link: target });
    files.set(real, {
      path: real,
      source: join(tree, real),
      mode: (await lstat(join(tree, real))).mode & 0o777,
    });
  };
  for (const name of MERGED_DIRECTORIES) {
    const target = await readlink(join(tree, name)).catch(() => null);
    if (target !== null && programs.length > 0) files.set(`/${name}`, { path: `/${name}`, link: target });
  }
  const loaded = await Promise.all(
    plugins.map(async (folder) =>
      (await readdir(join(tree, folder))).map((name) => posix.join(folder, name)),
    ),
  );
  const dynamic = [...programs, ...loaded.flat()];
  for (const path of [...dynamic, ...(await sharedLibraries(tree, dynamic, context))]) await add(path);
  return [...files.values()];
}

/** Asks the tree's own loader what programs are linked with, with everything below. */
async function sharedLibraries(
  tree: string,
  paths: readonly string[],
  context: BuildContext,
): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const purpose = `looking for the libraries of ${paths[0]}`;
  // A static program is no failure: ldd says "not a dynamic executable" and ends with 1.
  const { stdout } = await runContained(context, 'chroot', [tree, 'ldd', ...paths], {
    purpose,
    accept: [0, 1],
  });
  const missing = /^\s*(\S+) => not found$/m.exec(stdout)?.[1];
  if (missing !== undefined)
    throw new Error(`${paths[0]} needs ${missing}, which the Debian base does not have`);
  return new Set([...stdout.matchAll(/(\/\S+) \(0x[0-9a-f]+\)/g)].map((match) => match[1] ?? ''));
}

/**
 * Follows a path inside a tree as a process would that has the tree as its root.
 * @returns the real path, and each link on the way by its own real path.
 */
export async function resolveInTree(
  tree: string,
  path: string,
): Promise<{ real: string; links: ReadonlyMap<string, string> }> {
  const links = new Map<string, string>();
  const pending = path.split('/').filter((part) => part !== '');
  let real = '/';
  let followed = 0;
  while (pending.length > 0) {
    const part = pending.shift() ?? '';
    if (part === '..' || part === '.') {
      real = part === '..' ? posix.dirname(real) : real;
      continue;
    }
    const next = posix.join(real, part);
    const target = await readlink(join(tree, next)).catch(() => null);
    if (target === null) {
      real = next;
      continue;
    }
    links.set(next, target);
    followed += 1;
    if (followed > MAX_LINKS) throw new Error(`${path} leads in a circle, through ${next}`);
    pending.unshift(...target.split('/').filter((part) => part !== ''));
    if (target.startsWith('/')) real = '/';
  }
  return { real, links };
}
