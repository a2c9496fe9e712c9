import { hostArchitecture } from '../architecture.ts';
import type { GoOptions } from './go-toolchain.ts';
import type { NodeImageData } from '../cache/node-image-data.ts';

/** What the look for Go goes by on this host. */
export function goOptionsOf(
  data: NodeImageData,
  environment: Readonly<Record<string, string | undefined>>,
): GoOptions {
  const { toolchain: pin, upstream } = data;
  // On any other machine the preflight refuses before Go is looked for.
  const architecture = hostArchitecture() ?? 'amd64';
  return { pin, architecture, proxy: upstream.goModuleProxy, environment };
}
