import { access, constants, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { hostArchitecture } from '../architecture.ts';
import { imagePreflightFailure } from '../image-failure.ts';
import { systemPath } from '../../process/system-path.ts';
import type { BuildContext } from './build-context.ts';
import type { ComponentSource } from '../sources/component-source.ts';
import type { NodeImageSpec } from '../node-image.ts';

/** Programs and files that a build needs, and the Debian or Ubuntu package of each. */
const REQUIREMENTS: readonly {
  readonly package: string;
  readonly program?: string;
  readonly file?: string;
}[] = [
  { package: 'debootstrap', program: 'debootstrap' },
  { package: 'squashfs-tools', program: 'mksquashfs' },
  { package: 'debian-archive-keyring', file: '/usr/share/keyrings/debian-archive-keyring.gpg' },
  { package: 'gpgv', program: 'gpgv' },
  { package: 'wget', program: 'wget' },
  { package: 'ca-certificates', file: '/etc/ssl/certs/ca-certificates.crt' },
  { package: 'util-linux', program: 'unshare' },
  { package: 'util-linux', program: 'setpriv' },
  { package: 'tar', program: 'tar' },
];

/**
 * Bytes that a build takes at its largest: Go's caches and temporary files, the base, the tree and the packed image. Seen: 4.1 GB with
 * two thirds of Kubernetes compiled; the rest is estimated, with a margin.
 */
export const BUILD_DISK_BYTES = 10e9;

/** The Debian packages that a build of node images needs and this host lacks, for `doctor` and for a build's own check. */
export async function missingBuildPackages(path: string | undefined): Promise<string[]> {
  const isThere = async (file: string, mode: number): Promise<boolean> =>
    await access(file, mode).then(
      () => true,
      () => false,
    );
  const missing = new Set<string>();
  for (const requirement of REQUIREMENTS) {
    const files =
      requirement.program === undefined
        ? [requirement.file ?? '']
        : systemPath(path)
            .split(delimiter)
            .map((directory) => join(directory, requirement.program ?? ''));
    const mode = requirement.program === undefined ? constants.R_OK : constants.X_OK;
    const found = await Promise.all(files.map((file) => isThere(file, mode)));
    if (!found.includes(true)) missing.add(requirement.package);
  }
  return [...missing];
}

/**
 * Looks whether this host can build an image, before anything is fetched.
 * @throws {FailureError} of class `preflight`, with the commands to run.
 */
export async function checkBuildHost(
  spec: NodeImageSpec,
  sources: readonly ComponentSource[],
  context: BuildContext,
  machine: string = process.arch,
): Promise<void> {
  // Go would build programs for another machine, but the packages' own scripts and kubeadm run while an image is made.
  if (hostArchitecture(machine) !== spec.architecture) {
    const message = `a node image for ${spec.architecture} can't be built here: this host is ${machine}`;
    throw imagePreflightFailure(
      message,
      'Build it on a host of that architecture, then export and import it.',
    );
  }
  const missing = await missingBuildPackages(process.env['PATH']);
  if (missing.length > 0) {
    const message = `building a node image needs what this host lacks: ${missing.join(', ')}`;
    throw imagePreflightFailure(message, `sudo apt-get install --yes ${missing.join(' ')}`);
  }
  for (const source of sources) {
    const available = await source.available(context);
    if (!available.available) throw imagePreflightFailure(available.reason, available.hint);
  }
  const disk = await statfs(context.cacheDir);
  const free = disk.bavail * disk.bsize;
  if (free < BUILD_DISK_BYTES) {
    const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
    const message = `a build of a node image takes up to ${gigabytes(BUILD_DISK_BYTES)} GB in ${context.cacheDir}, where ${gigabytes(free)} GB are free`;
    throw imagePreflightFailure(
      message,
      'Free some space, or put the cache on another disk with XDG_CACHE_HOME.',
    );
  }
}
