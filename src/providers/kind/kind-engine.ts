import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { capabilitiesOf } from '../../host/process-capabilities.ts';
import { FailureError } from '../../run/failure.ts';
import { CommandError } from '../../process/command-runner.ts';
import { dockerInfo, podmanInfo } from './kind-objects.ts';
import type { ContainerClient, ContainerProgram } from './container-client.ts';
import type { CallOptions } from '../provider.ts';

/** What is there to make nodes with. */
export interface ContainerEngine {
  readonly version: string;
  /** Driver of the images and containers, such as `overlay2`. */
  readonly storageDriver: string;
  /** Where it keeps them. */
  readonly directory: string;
  readonly rootless: boolean;
  /** The name of the runtime that containers get, such as `runc`; null where there is no choice. */
  readonly runtime: string | null;
}

/** The first Docker whose privileged containers take what the host has of capabilities, and ask for no more. */
const FIRST_WITH_HOST_CAPABILITIES = 26;

const NAMES: Readonly<Record<ContainerProgram, string>> = { docker: 'Docker', podman: 'Podman' };

function preflight(message: string, hint: string): FailureError {
  return new FailureError({ class: 'preflight', step: 'preflight', message, hint });
}

/** Asks the engine what it is. @throws {FailureError} of class `preflight`, when it can't be asked. */
export async function askEngine(client: ContainerClient, options: CallOptions): Promise<ContainerEngine> {
  try {
    if (client.program === 'podman') {
      const { stdout } = await client.run(['info', '--format', 'json'], options);
      const { host, store, version } = read(client.program, podmanInfo, stdout);
      return {
        version: version.Version,
        storageDriver: store.graphDriverName,
        directory: store.graphRoot,
        rootless: host.security.rootless,
        runtime: null,
      };
    }
    const { stdout } = await client.run(['info', '--format', '{{json .}}'], options);
    const info = read(client.program, dockerInfo, stdout);
    // Older clients tell of a daemon that they can't reach, and end with status 0.
    const [problem] = info.ServerErrors ?? [];
    if (problem !== undefined) throw unreachable(client.program, problem);
    if (info.ServerVersion === '') throw notUnderstood(client.program);
    return {
      version: info.ServerVersion,
      storageDriver: info.Driver,
      directory: info.DockerRootDir,
      rootless: (info.SecurityOptions ?? []).some((option) => option.startsWith('name=rootless')),
      runtime: info.DefaultRuntime,
    };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.kind === 'not-found') throw notInstalled();
    // A client that can't read its own configuration says so first, in words that would pass for the daemon's.
    const lines = error.lastLines().filter((line) => !line.startsWith('WARNING:'));
    const said = lines.slice(-2).join(' ');
    throw error.kind === 'timeout'
      ? preflight(
          `${NAMES[client.program]} does not answer: ${error.message}`,
          `Its daemon is there and hangs: restart it (sudo systemctl restart ${client.program}), or use another provider.`,
        )
      : unreachable(client.program, said === '' ? error.message : said);
  }
}

/** What a client has printed. @throws {FailureError} of class `preflight` when it is something else. */
function read<T>(program: ContainerProgram, schema: z.ZodType<T>, stdout: string): T {
  try {
    return schema.parse(JSON.parse(stdout));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw notUnderstood(program);
  }
}

function notUnderstood(program: ContainerProgram): FailureError {
  const other =
    program === 'docker' ? ' Where it is Podman in disguise, set KIND_EXPERIMENTAL_PROVIDER=podman.' : '';
  return preflight(
    `${program} answers, and not as ${NAMES[program]} does: \`${program} info\` lacks what is asked for`,
    `See what \`${program} info\` prints.${other}`,
  );
}

function notInstalled(): FailureError {
  return preflight(
    'there is neither docker nor podman in PATH, and kind makes its nodes of their containers',
    'Install Docker (Debian: sudo apt-get install docker.io), or use provider: lxd.',
  );
}

function unreachable(program: ContainerProgram, said: string): FailureError {
  if (/permission denied/i.test(said)) {
    return preflight(
      `no permission to talk to ${NAMES[program]}: ${said}`,
      'Join its group: sudo usermod -aG docker "$USER", then log in again.',
    );
  }
  return preflight(
    `${NAMES[program]} does not answer: ${said}`,
    `Start its daemon: sudo systemctl start ${program}; where it listens elsewhere, set DOCKER_HOST.`,
  );
}

/**
 * Why nodes of kind can't run with this engine on this host.
 * @throws {FailureError} of class `preflight`, with the cause and the way out.
 */
export async function requireUsableEngine(
  program: ContainerProgram,
  { rootless, runtime, version }: ContainerEngine,
  status = '/proc/self/status',
): Promise<void> {
  if (rootless) {
    throw preflight(
      `${NAMES[program]} runs rootless, and its networks are out of this host's reach`,
      `Use a ${NAMES[program]} that runs as root (unset DOCKER_HOST, or docker context use default), or provider: lxd.`,
    );
  }
  const { bounding } = capabilitiesOf(await readFile(status, 'utf8').catch(() => ''));
  const major = Number.parseInt(version, 10);
  if (runtime === 'runc' && major < FIRST_WITH_HOST_CAPABILITIES && !bounding.sysResource) {
    throw preflight(
      `Docker ${version} gives privileged containers CAP_SYS_RESOURCE, which this host withholds: no node would start ("unable to apply caps: operation not permitted")`,
      `Use Docker ${FIRST_WITH_HOST_CAPABILITIES} or later, or give the daemon a default runtime that leaves that capability out, or use provider: lxd.`,
    );
  }
}
