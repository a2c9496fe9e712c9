import { delimiter } from 'node:path';

/** Where Debian puts programs for administrators; the PATH of everybody else lacks them, even for a root that came by `su`. */
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin', '/snap/bin'];

/** A search path with the directories of programs like debootstrap and chroot. */
export function systemPath(path: string | undefined): string {
  const directories = (path ?? '').split(delimiter).filter((directory) => directory !== '');
  return [...new Set([...directories, ...SYSTEM_DIRECTORIES])].join(delimiter);
}
