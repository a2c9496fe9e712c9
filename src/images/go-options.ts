import { hostArchitecture } from './build-host.ts';
import type { GoOptions } from './go-toolchain.ts';
import type { NodeImageData } from './node-image-data.ts';

/** What the look for Go goes by on this host. */
export function goOptionsOf(
  data: NodeImageData,
  environment: Readonly<Record<string, string | undefined>>,
): GoOptions {
  const { toolchain: pin, upstream } = data;
  return { pin, architecture: hostArchitecture(), proxy: upstream.goModuleProxy, environment };
}
