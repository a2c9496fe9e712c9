import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { CgroupLayout } from './cgroup-settings.ts';

/**
 * Looks at the root of the mounted trees: version 2 alone has its file of controllers there, in a container too, and hybrid
 * systems have it in the folder `unified`.
 */
export async function detectCgroup(root = '/sys/fs/cgroup'): Promise<CgroupLayout> {
  const isThere = (file: string): Promise<boolean> =>
    access(join(root, file)).then(
      () => true,
      () => false,
    );
  if (await isThere('cgroup.controllers')) return 'v2';
  return (await isThere(join('unified', 'cgroup.controllers'))) ? 'hybrid' : 'v1';
}
