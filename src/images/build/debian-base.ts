import { chmod, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureCacheEntry,
  hasCacheEntry,
  removeCacheEntry,
  removeTree,
  type CacheEntry,
} from '../cache/cache-entry.ts';
import { contentKey } from './content-key.ts';
import { runContained, runTethered, type ToolOptions } from './run-tool.ts';
import { imageFailure } from '../image-failure.ts';
import type { BuildContext } from './build-context.ts';
import type { DebianDefinition } from '../cache/node-image-data.ts';
import type { NodeImageSpec } from '../node-image.ts';

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
 * Fetches the packages of a base into the cache, unless the base is there. Takes no root.
 * @throws {FailureError} with what debootstrap said last.
 */
export async function fetchDebianPackages(base: DebianBase, context: BuildContext): Promise<void> {
  if (await hasCacheEntry(baseEntry(base, context).directory)) return;
  await ensureCacheEntry(packagesEntry(base, context), context, async (temporary) => {
    const archive = join(temporary, PACKAGES_FILE);
    await debootstrap(base, join(temporary, 'tree'), context, {
      run: runTethered,
      options: [`--make-tarball=${archive}`],
      // Its folders become those of the tree, which are not ours. No archive is unpacked here.
      env: { TAR_OPTIONS: '--owner=0 --group=0 --numeric-owner' },
    });
  });
}

/**
 * Gives the Debian tree as a tar archive from the cache, or makes it of the packages that {@link fetchDebianPackages} fetched. An
 * archive and not a directory: nothing can change it by working in it. Takes root, and no network.
 * @returns the archive's absolute path.
 */
export async function ensureDebianBase(base: DebianBase, context: BuildContext): Promise<string> {
  const { suite } = base.definition;
  const entry = baseEntry(base, context);
  const packages = packagesEntry(base, context);
  await ensureCacheEntry(entry, context, async (temporary) => {
    const tree = await mkdtemp(join(context.treeDirectory ?? temporary, 'debian-'));
    // The root of each node, whatever our umask is.
    await chmod(tree, 0o755);
    await debootstrap(base, tree, context, {
      run: runContained,
      options: [`--unpack-tarball=${join(packages.directory, PACKAGES_FILE)}`],
      // dpkg waits for the disk after each file otherwise, for a tree that is thrown away should anything fail.
      env: { DPKG_FORCE: 'unsafe-io' },
    });
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
  await removeCacheEntry(packages, context);
  return join(entry.directory, 'base.tar');
}

const PACKAGES_FILE = 'packages.tgz';

function baseEntry(base: DebianBase, { cacheDir }: BuildContext): CacheEntry {
  const { suite } = base.definition;
  const directory = join(cacheDir, 'bases', `debian-${suite}-${debianBaseKey(base)}`);
  return { directory, title: `the Debian ${suite} base` };
}

function packagesEntry(base: DebianBase, { cacheDir }: BuildContext): CacheEntry {
  const { suite } = base.definition;
  const directory = join(cacheDir, 'packages', `debian-${suite}-${debianBaseKey(base)}`);
  return { directory, title: `the packages of Debian ${suite}` };
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

/** How debootstrap is run for a part of its work. */
interface DebootstrapPart {
  readonly run: typeof runContained;
  readonly options: readonly string[];
  readonly env: NonNullable<ToolOptions['env']>;
}

async function debootstrap(
  base: DebianBase,
  tree: string,
  context: BuildContext,
  part: DebootstrapPart,
): Promise<void> {
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
    ...part.options,
  ];
  const hint = `Look whether this host reaches ${base.mirror} (debootstrap uses http_proxy when it is set).`;
  try {
    const { env } = part;
    await part.run(context, 'debootstrap', [...options, suite, tree, base.mirror], {
      purpose,
      hint,
      onLine,
      env,
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
