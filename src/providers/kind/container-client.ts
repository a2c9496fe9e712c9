import {
  CommandError,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from '../../process/command-runner.ts';
import type { CallOptions } from '../provider.ts';

/** The programs whose containers kind can make nodes of, in the order in which they are looked for. */
export const CONTAINER_PROGRAMS = ['docker', 'podman'] as const;
export type ContainerProgram = (typeof CONTAINER_PROGRAMS)[number];

/**
 * What the clients say of an object that is not there; "image not known" is Podman's. A socket or a host that is not there is another
 * matter, and told as "no such file or directory" and "no such host".
 */
const NOT_THERE =
  /no such (object|container|network|volume|image)\b|network \S+ not found|network not found|image not known/i;

/** The objects that clients list and describe alike. */
type Collection = 'container' | 'network' | 'volume' | 'image';

/**
 * Docker or Podman through its own client, as kind itself speaks to them: it knows the socket, the context and the user's rights.
 * Standard input stays closed.
 */
export class ContainerClient {
  readonly program: ContainerProgram;
  readonly #runner: CommandRunner;

  constructor(runner: CommandRunner, program: ContainerProgram) {
    this.#runner = runner;
    this.program = program;
  }

  /** @throws {CommandError} with the client's own words. */
  run(args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    return this.#runner.run(this.program, args, options);
  }

  /** What the engine says of every object with a label, or of none but the named ones. One that is gone meanwhile is left out. */
  async inspect(collection: Collection, names: readonly string[], options: CallOptions): Promise<unknown[]> {
    if (names.length === 0) return [];
    const { stdout, stderr, exitCode } = await this.run([collection, 'inspect', ...names], {
      ...options,
      accept: 'any',
    });
    if (exitCode !== 0 && !NOT_THERE.test(stderr)) {
      const command = [this.program, collection, 'inspect', ...names];
      const message = `${this.program} ${collection} inspect ended with status ${exitCode}: ${stderr.trim()}`;
      throw new CommandError(message, { kind: 'exit', command, exitCode, stderr });
    }
    return stdout.trim() === '' ? [] : (JSON.parse(stdout) as unknown[]);
  }

  /** The same of every object that has the label. */
  async labelled(collection: Collection, label: string, options: CallOptions): Promise<unknown[]> {
    const all = collection === 'container' ? ['--all', '--no-trunc'] : [];
    const args = [collection, 'ls', ...all, '--quiet', '--filter', `label=${label}`];
    const { stdout } = await this.run(args, options);
    const ids = [...new Set(stdout.split('\n').filter((id) => id !== ''))];
    return this.inspect(collection, ids, options);
  }

  /** Whether an object went; false when it was gone already. */
  async remove(args: readonly string[], options: CallOptions): Promise<boolean> {
    try {
      await this.run(args, options);
      return true;
    } catch (error) {
      if (error instanceof CommandError && error.kind === 'exit' && NOT_THERE.test(error.stderr))
        return false;
      throw error;
    }
  }
}
