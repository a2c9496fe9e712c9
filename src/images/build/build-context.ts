import type { CommandRunner } from '../../process/command-runner.ts';

/** What each part of a build needs of its surroundings. */
export interface BuildContext {
  /** Absolute path of the cache. */
  readonly cacheDir: string;
  readonly runner: CommandRunner;
  /** Aborted when the caller gives up, when another part of the build failed, and at the build's deadline. */
  readonly signal: AbortSignal;
  /** The build's end, in `performance.now()`'s milliseconds. */
  readonly deadline: number;
  /** Where trees with files of many owners are made; beside what is built from them unless given. */
  readonly treeDirectory?: string;
  /** Tells a reader what the present step does just now. */
  report(detail: string): void;
}

/** What waiting for another process needs. */
export type WaitContext = Omit<BuildContext, 'runner'>;

/** Milliseconds until the build's deadline, at least one. */
export function remainingMs(context: Pick<BuildContext, 'deadline'>): number {
  return Math.max(1, Math.ceil(context.deadline - performance.now()));
}
