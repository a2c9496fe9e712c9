import { STORAGE_POOL } from './lxc-cache.ts';
import { lxcServer, lxcStoragePool } from './lxc-objects.ts';
import { CommandError } from '../../process/command-runner.ts';
import { FailureError } from '../../run/failure.ts';
import type { Dialect } from './dialect.ts';
import type { LxcClient } from './lxc-client.ts';
import type { CallOptions } from '../provider.ts';

/** What a user without the rights is told: by the socket, or by the daemon that gives him a project of his own alone. */
const REFUSED = /permission|not authorized|forbidden|restricted/i;

/**
 * Asks the engine who it is and for our pool.
 * @throws {FailureError} class `preflight` with the cause and the way out, when it can't be reached or does not trust this user.
 */
export async function engineAnswer(
  client: LxcClient,
  options: CallOptions,
): Promise<{ readonly version: string; readonly storageDriver: string | null }> {
  const { title } = client.dialect;
  try {
    const server = lxcServer.parse(await client.query('GET', '/1.0', undefined, options));
    if (server.auth !== 'trusted') {
      throw preflight(`${title} does not trust this user`, joinGroup(client.dialect));
    }
    const pool = await client.find(`/1.0/storage-pools/${STORAGE_POOL}`, options);
    const storageDriver = pool === null ? null : lxcStoragePool.parse(pool).driver;
    return { version: server.environment.server_version, storageDriver };
  } catch (error) {
    if (error instanceof CommandError) throw unreachable(error, client.dialect, options.timeoutMs);
    throw error;
  }
}

function preflight(message: string, hint: string): FailureError {
  return new FailureError({ class: 'preflight', step: 'preflight', message, hint });
}

function joinGroup({ group }: Dialect): string {
  return `Join its group: sudo usermod -aG ${group} "$USER", then log in again.`;
}

function unreachable(error: CommandError, dialect: Dialect, timeoutMs: number): FailureError {
  const { title, client, service } = dialect;
  if (error.kind === 'not-found') {
    return preflight(
      `${title} is not installed: there is no ${client} in PATH`,
      `Run \`npm run scenario -- doctor --fix\`, or install ${title}.`,
    );
  }
  const said = error.lastLines(2).join(' ');
  if (REFUSED.test(said)) {
    return preflight(`no permission to talk to ${title}: ${said}`, joinGroup(dialect));
  }
  if (error.kind === 'timeout') {
    return preflight(
      `${title} hangs: its daemon is there and gave no answer within ${timeoutMs / 1000} s`,
      `Start the daemon anew: \`sudo systemctl restart ${service}\`.`,
    );
  }
  return preflight(
    `${title} does not answer: ${said === '' ? error.message : said}`,
    `Start the daemon: \`npm run scenario -- doctor --fix\`, or \`sudo systemctl start ${service}\`.`,
  );
}
