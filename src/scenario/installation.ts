import type { Installation, Scenario } from './scenario.ts';
import type { WrittenScenario } from './schema.ts';

const OF_RELEASE = 'release';
const OF_AIRGAP_RELEASE = 'release+airgap';

/** Where a distribution's program comes from, as the file has it. */
export function installationOf({
  install,
  distribution,
  binary,
}: Pick<WrittenScenario, 'install' | 'distribution' | 'binary'>): Installation {
  if (install === undefined) {
    return distribution.name === 'k0s' && binary === undefined
      ? { from: 'release', airgap: false }
      : { from: 'preinstalled' };
  }
  if (install === 'preinstalled') return { from: 'preinstalled' };
  if (install === OF_RELEASE || install === OF_AIRGAP_RELEASE)
    return { from: 'release', airgap: install === OF_AIRGAP_RELEASE };
  return typeof install === 'string'
    ? { from: 'snap-store', channel: install }
    : { from: 'snap-file', ...install };
}

/** Whether a snap is installed in the nodes, which takes an image with snapd and cloud-init: a node image has neither. */
export function installsSnap({ distribution, install }: Pick<Scenario, 'distribution' | 'install'>): boolean {
  return distribution.name === 'k8s-snap' && install.from !== 'preinstalled';
}
