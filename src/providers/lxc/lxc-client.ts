import { CommandError, type CommandResult, type CommandRunner } from '../../process/command-runner.ts';
import type { Dialect } from './dialect.ts';
import type { CallOptions } from '../provider.ts';

/** Every object of ours lives in the engine's default project, whatever project the user's client is switched to. */
export const PROJECT = 'default';

/** What the engine's REST API answers when an object is not there. */
export class LxcNotFoundError extends CommandError {}

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The arguments of a REST call through the real client: `lxc query` takes labels in the request that creates an object. */
export function queryArguments(method: HttpMethod, path: string, body?: unknown): string[] {
  const separator = path.includes('?') ? '&' : '?';
  const target = `local:${path}${separator}project=${PROJECT}`;
  const data = body === undefined ? [] : ['--data', JSON.stringify(body)];
  // An operation in the background is waited for; a plain answer is not affected by --wait.
  const wait = method === 'GET' ? [] : ['--wait'];
  return ['query', ...wait, '--request', method, ...data, target];
}

/** The engine's client. Its `query` speaks the REST API, and knows the socket, the snap's paths and the user's rights. */
export class LxcClient {
  readonly dialect: Dialect;
  readonly #runner: CommandRunner;

  constructor(dialect: Dialect, runner: CommandRunner) {
    this.dialect = dialect;
    this.#runner = runner;
  }

  /** Runs the client program. */
  run(args: readonly string[], options: CallOptions): Promise<CommandResult> {
    return this.#runner.run(this.dialect.client, args, options);
  }

  /** @throws {LxcNotFoundError} for a missing object, {@link CommandError} with the engine's own words for everything else. */
  async query(method: HttpMethod, path: string, body: unknown, options: CallOptions): Promise<unknown> {
    try {
      const { stdout } = await this.run(queryArguments(method, path, body), options);
      return stdout.trim() === '' ? null : (JSON.parse(stdout) as unknown);
    } catch (error) {
      if (error instanceof CommandError && /\bnot found\b/i.test(error.stderr)) {
        throw new LxcNotFoundError(error.lastLines(1).join(''), error);
      }
      throw error;
    }
  }

  /** Starts what the engine does in the background, and does not wait for it. @returns what it answers at once: the operation. */
  async start(path: string, body: unknown, options: CallOptions): Promise<unknown> {
    const args = queryArguments('POST', path, body).filter((arg) => arg !== '--wait');
    const { stdout } = await this.run(args, options);
    return JSON.parse(stdout) as unknown;
  }

  /** The object, or null when it is not there. */
  async find(path: string, options: CallOptions): Promise<unknown> {
    try {
      return await this.query('GET', path, undefined, options);
    } catch (error) {
      if (error instanceof LxcNotFoundError) return null;
      throw error;
    }
  }
}
