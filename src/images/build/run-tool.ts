import { remainingMs, type BuildContext } from './build-context.ts';
import { imageFailure } from '../image-failure.ts';
import { systemPath } from '../../process/system-path.ts';
import type { CommandOptions, CommandResult } from '../../process/command-runner.ts';

/** How one program of a build is run. */
export interface ToolOptions extends Pick<CommandOptions, 'env' | 'cwd' | 'accept' | 'onLine' | 'input'> {
  /** What the program does here, for a message: "building etcd 3.6.8". */
  readonly purpose: string;
  /** What to do when it fails. */
  readonly hint?: string;
}

/**
 * Runs a program of a build until the build's deadline.
 * @throws {FailureError} with the purpose and the program's last lines.
 */
export async function runTool(
  context: BuildContext,
  file: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<CommandResult> {
  const { purpose, hint, ...rest } = options;
  try {
    return await context.runner.run(file, args, {
      ...rest,
      // Messages of programs are read, by us and by the user.
      env: { LC_ALL: 'C.UTF-8', PATH: systemPath(process.env['PATH']), ...rest.env },
      timeoutMs: remainingMs(context),
      signal: context.signal,
    });
  } catch (error) {
    context.signal.throwIfAborted();
    throw imageFailure(purpose, error, hint ?? null);
  }
}

/** How much later than the build's own deadline a tethered program is ended, in seconds. */
const TETHER_SLACK_SECONDS = 60;

/**
 * Like {@link runTool}; everything that the program starts ends with us, a SIGKILL included, unless it leaves its process group.
 * Takes no root: the kernel sends SIGALRM to `timeout` when we are gone, for which that kills its whole group.
 */
export async function runTethered(
  context: BuildContext,
  file: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<CommandResult> {
  const seconds = String(Math.ceil(remainingMs(context) / 1000) + TETHER_SLACK_SECONDS);
  const tethered = ['--pdeathsig', 'ALRM', 'timeout', '--signal=KILL', seconds, file, ...args];
  return await runTool(context, 'setpriv', tethered, options);
}

/**
 * Like {@link runTool}, in a process and mount namespace of its own. Everything that the program starts ends with it, and it ends
 * with us, a SIGKILL included: a compiler or debootstrap that outlived its build would go on writing into a directory that the next
 * build removes, and a file system that it had mounted there would be emptied with it. Takes root.
 */
export async function runContained(
  context: BuildContext,
  file: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<CommandResult> {
  const contained = [
    '--pdeathsig',
    'KILL',
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--',
    file,
    ...args,
  ];
  return await runTool(context, 'setpriv', contained, options);
}
