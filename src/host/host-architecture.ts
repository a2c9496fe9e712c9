import type { NodeImageSpec } from '../images/node-image.ts';

/** The architecture of nodes on this machine, by Debian's name. */
export function hostArchitecture(): NodeImageSpec['architecture'] {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}
