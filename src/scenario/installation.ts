import type { Installation, Scenario } from './scenario.ts';
import type { WrittenScenario } from './schema.ts';

/** Where a distribution's program comes from, as the file has it. */
export function installationOf({ install }: Pick<WrittenScenario, 'install'>): Installation {
  if (install === undefined || install === 'preinstalled') return { from: 'preinstalled' };
  return typeof install === 'string'
    ? { from: 'snap-store', channel: install }
    : { from: 'snap-file', ...install };
}

/** Whether a snap is installed in the nodes, which takes an image with snapd and cloud-init: a node image has neither. */
export function installsSnap({ distribution, install }: Pick<Scenario, 'distribution' | 'install'>): boolean {
  return distribution.name === 'k8s-snap' && install.from !== 'preinstalled';
}
