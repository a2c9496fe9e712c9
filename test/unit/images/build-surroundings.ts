import type { BuildContext } from '../../../src/images/build/build-context.ts';
import {
  CommandError,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from '../../../src/process/command-runner.ts';

/** What a program of a test answers, or the error that it ends with. */
export type Answer = (args: readonly string[]) => Partial<CommandResult> | CommandError;

/** Answers for programs, and remembers what was run. Programs that are not given are not installed, `sync` excepted. */
export class FakeRunner implements CommandRunner {
  readonly calls: string[][] = [];
  /** What each call, in the same order, adds to the environment. */
  readonly environments: Readonly<Record<string, string>>[] = [];
  readonly #answers: Readonly<Record<string, Answer>>;

  constructor(answers: Readonly<Record<string, Answer>> = {}) {
    this.#answers = { sync: () => ({}), ...answers };
  }

  async run(
    file: string,
    args: readonly string[],
    options?: Partial<CommandOptions>,
  ): Promise<CommandResult> {
    this.calls.push([file, ...args]);
    this.environments.push(options?.env ?? {});
    const answer = this.#answers[file];
    if (answer === undefined) {
      throw new CommandError(`${file} is not installed (not found in PATH)`, {
        kind: 'not-found',
        command: [file],
      });
    }
    const result = answer(args);
    for (const line of (result.stdout ?? '').split('\n').filter((text) => text !== ''))
      options?.onLine?.(line, 'stdout');
    if (result instanceof CommandError) throw result;
    return await Promise.resolve({ exitCode: 0, stdout: '', stderr: '', durationMs: 0, ...result });
  }
}

/** The surroundings of a build that takes no longer than a test. */
export function buildContext(cacheDir: string, changes: Partial<BuildContext> = {}): BuildContext {
  return {
    cacheDir,
    runner: new FakeRunner(),
    signal: new AbortController().signal,
    deadline: performance.now() + 5000,
    report: () => undefined,
    ...changes,
  };
}
