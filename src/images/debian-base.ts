import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureCacheEntry, removeTree } from './cache-entry.ts';
import { contentKey } from './content-key.ts';
import { runContained } from './run-tool.ts';
import { imageFailure } from './image-failure.ts';
import type { BuildContext } from './build-context.ts';
import type { DebianDefinition } from './node-image-data.ts';
import type { NodeImageSpec } from './node-image.ts';

/** Raised when the way that a base is made changes what is in it. */
const BASE_RECIPE = 1;

/** The Debian tree under a node image, and where it comes from. */
export interface DebianBase {
  readonly definition: DebianDefinition;
  readonly architecture: NodeImageSpec['architecture'];
  readonly mirror: string;
}

/** The key of a base. The mirror has no part in it: each one carries the same packages. */
export function debianBaseKey({ definition, architecture }: Omit<DebianBase, 'mirror'>): string {
  const { suite, packages } = definition;
  return contentKey({ recipe: BASE_RECIPE, suite, packages: [...packages].sort(), architecture });
}

/**
 * Gives the Debian tree as a tar archive from the cache, or makes it with debootstrap. An archive and not a directory: nothing can
 * change it by working in it.
 * @returns the archive's absolute path.
 */
export async function ensureDebianBase(base: DebianBase, context: BuildContext): Promise<string> {
  const { suite } = base.definition;
  const directory = join(context.cacheDir, 'bases', `debian-${suite}-${debianBaseKey(base)}`);
  await ensureCacheEntry({ directory, title: `the Debian ${suite} base` }, context, async (temporary) => {
    const tree = join(temporary, 'tree');
    await mkdir(tree);
    // The root of each node, whatever our umask is.
    await chmod(tree, 0o755);
    await debootstrap(base, tree, context);
    context.report('packing');
    const args = ['--create', '--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls'];
    await runContained(
      context,
      'tar',
      [...args, `--file=${join(temporary, 'base.tar')}`, `--directory=${tree}`, '.'],
      {
        purpose: `packing the Debian ${suite} base`,
      },
    );
    await removeTree(tree);
  });
  return join(directory, 'base.tar');
}

/** Unpacks a base that {@link ensureDebianBase} gave. */
export async function unpackDebianBase(archive: string, tree: string, context: BuildContext): Promise<void> {
  await mkdir(tree);
  const args = [
    '--extract',
    '--numeric-owner',
    '--same-permissions',
    '--xattrs',
    '--xattrs-include=*',
    '--acls',
  ];
  await runContained(context, 'tar', [...args, `--file=${archive}`, `--directory=${tree}`], {
    purpose: 'unpacking the Debian base',
  });
}

async function debootstrap(base: DebianBase, tree: string, context: BuildContext): Promise<void> {
  const { suite, packages } = base.definition;
  const purpose = `debootstrap of Debian ${suite}`;
  // It prints "I: Retrieving systemd 257…": what it does now, for a reader who waits.
  const onLine = (line: string): void => {
    const step = /^I: (.+)$/.exec(line)?.[1];
    if (step !== undefined) context.report(step);
  };
  const options = [
    '--variant=minbase',
    `--arch=${base.architecture}`,
    '--force-check-gpg',
    `--include=${packages.join(',')}`,
  ];
  const hint = `Look whether this host reaches ${base.mirror} (debootstrap uses http_proxy when it is set).`;
  try {
    await runContained(context, 'debootstrap', [...options, suite, tree, base.mirror], {
      purpose,
      hint,
      onLine,
    });
  } catch (error) {
    context.signal.throwIfAborted();
    // Why a package could not be configured stands only here.
    const log = await readFile(join(tree, 'debootstrap', 'debootstrap.log'), 'utf8').catch(() => '');
    const tail = log.trimEnd().split('\n').slice(-8).join('\n');
    if (tail === '' || !(error instanceof Error)) throw error;
    throw imageFailure(`${error.message}\n${tail}`, 'the end of debootstrap.log is above', hint);
  }
}
