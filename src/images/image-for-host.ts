import { ARCHITECTURE_NAMES, hostArchitecture, type Architecture } from './architecture.ts';
import { imagePreflightFailure } from './image-failure.ts';
import { CAPABILITIES } from '../scenario/provider-capabilities.ts';
import type { ImageFormat, NodeImageSpec } from './node-image.ts';
import type { ProviderName } from '../scenario/scenario.ts';

/**
 * The architecture of nodes on this machine.
 * @throws {FailureError} of class `preflight` on a machine that no node images are made for.
 */
export function requireHostArchitecture(machine: string = process.arch): Architecture {
  const architecture = hostArchitecture(machine);
  if (architecture !== null) return architecture;
  throw imagePreflightFailure(
    `there is no node image for this machine, which is ${machine}`,
    `Node images are made for ${ARCHITECTURE_NAMES.join(' and ')}: use a machine of one of these.`,
  );
}

/**
 * The node image of a release for this machine.
 * @throws {FailureError} of class `preflight` on a machine that no node images are made for.
 */
export function imageForHost(kubernetesVersion: string, machine: string = process.arch): NodeImageSpec {
  return { kubernetesVersion, architecture: requireHostArchitecture(machine) };
}

/** The format of the node images that a provider takes; of LXD's and Incus's when none is named. */
export function imageFormatOf(provider: ProviderName = 'lxd'): ImageFormat {
  return CAPABILITIES[provider].imageFormat;
}
