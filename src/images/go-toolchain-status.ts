import { hostArchitecture } from './build-host.ts';
import { findGo, type GoOptions, type GoToolchainStatus } from './go-toolchain.ts';
import { loadNodeImageData, templatesDirectory, type NodeImageData } from './node-image-data.ts';
import type { CommandRunner } from '../process/command-runner.ts';

/** How long a look at the installed Go may take, in milliseconds. */
const LOOK_TIMEOUT_MS = 10_000;

/** Tells, for `doctor`, where a build of a node image would take Go from. Nothing is fetched. */
export async function goToolchainStatus(
  runner: CommandRunner,
  signal: AbortSignal,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<GoToolchainStatus> {
  const options = goOptionsOf(await loadNodeImageData(templatesDirectory()), environment);
  return await findGo(options, { runner, signal, deadline: performance.now() + LOOK_TIMEOUT_MS });
}

/** What the look for Go goes by on this host. */
export function goOptionsOf(
  data: NodeImageData,
  environment: Readonly<Record<string, string | undefined>>,
): GoOptions {
  const { toolchain: pin, upstream } = data;
  return { pin, architecture: hostArchitecture(), proxy: upstream.goModuleProxy, environment };
}
