import { ensureKind, kindVersion, type KindDependencies } from '../images/ensure-kind.ts';
import type { Directories } from '../host/directories.ts';
import type { CommandRunner } from '../process/command-runner.ts';
import type { KindProgram } from '../providers/kind/kind-provider.ts';
import type { CommandContext } from './command-context.ts';
import type { CallOptions } from '../providers/provider.ts';

/** Building kind itself takes a minute or two, where there is none. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

/** kind as providers get it: looked for, or built, once in a call. */
export function kindProgram(
  runner: CommandRunner,
  { cache }: Directories,
  context: Pick<CommandContext, 'env'>,
): KindProgram {
  let ensured: Promise<string> | null = null;
  const dependencies = ({ signal }: CallOptions, tell?: (text: string) => void): KindDependencies => ({
    cacheDir: cache,
    runner,
    signal,
    timeoutMs: BUILD_TIMEOUT_MS,
    environment: context.env,
    onProgress: ({ step }) => tell?.(step),
  });
  return {
    version: (options) => kindVersion(dependencies(options)),
    async ensure({ onProgress, ...options }) {
      ensured ??= ensureKind(dependencies(options, onProgress)).then(({ file }) => file);
      try {
        return await ensured;
      } catch (error) {
        ensured = null;
        throw error;
      }
    },
  };
}
