import { basename, delimiter, dirname } from 'node:path';

/**
 * A search path without the folders that npm puts before it. They hold the commands of Node packages, and some of these have the
 * names of system programs: with `@vercel/nft` installed, `nft` is a JavaScript bundler's, LXD asks it for nftables' version, and
 * ends in a panic.
 */
export function withoutNpmFolders(path: string): string {
  return path
    .split(delimiter)
    .filter((folder) => {
      const ofPackages = basename(folder) === '.bin' && basename(dirname(folder)) === 'node_modules';
      return !ofPackages && basename(folder) !== 'node-gyp-bin';
    })
    .join(delimiter);
}
