import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { systemPath } from '../../src/process/system-path.ts';
import { waitUntil } from '../../src/run/wait-until.ts';
import { never } from '../support/never.ts';
import { ROOT } from '../support/run-entry.ts';
import { policyOf, removeDockerChains, runningDaemons } from './docker-daemon.ts';

const FORWARDING = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding'] as const;
const PROGRAMS = ['iptables', 'ip6tables'] as const;
const RUNTIME = join(ROOT, 'test', 'rigs', 'docker', 'runc-without-sys-resource');
const env = { PATH: systemPath(process.env['PATH']) };
const START = { timeoutMs: 60_000, intervalMs: 50, signal: never() };
const INFO = '{{.ServerVersion}} {{.Driver}}';
const STOP = { timeoutMs: 60_000, intervalMs: 50, signal: never() };

/** The host as it was found, in a file, so that another process can give it back. */
interface HostBefore {
  readonly forwarding: readonly string[];
  readonly policies: readonly string[];
}

/** A Docker daemon in which privileged containers run also where the host withholds CAP_SYS_RESOURCE. */
export interface ContainerDocker {
  /** What DOCKER_HOST says for it. */
  readonly host: string;
  /** The storage driver that it chose, such as `overlay2`. */
  readonly storageDriver: string;
  readonly version: string;
  /** Whether the test has started it. */
  readonly ours: boolean;
  /** Ends the daemon with what runs in it, removes its folder, and gives the host's firewall and forwarding back. */
  stop(): Promise<void>;
}

/** The daemon that DOCKER_HOST names, used as it is and not stopped; one of our own where it names none. */
export async function useContainerDocker(): Promise<ContainerDocker> {
  const host = process.env['DOCKER_HOST'] ?? '';
  if (host === '') return await startContainerDocker();
  const { stdout } = await execa('docker', ['info', '--format', INFO], { stdin: 'ignore', timeout: 10_000 });
  const [version = '', storageDriver = ''] = stdout.trim().split(' ');
  return { host, version, storageDriver, ours: false, stop: () => Promise.resolve() };
}

/**
 * Starts a daemon with a folder, a socket, a bridge and ranges of its own. It outlives this process until it is stopped.
 * @param folder where its data, its log and its socket `docker.sock` are; a temporary one when none is named.
 */
export async function startContainerDocker(folder?: string): Promise<ContainerDocker> {
  const place = folder ?? (await mkdtemp(join(tmpdir(), 'twinstack-docker-')));
  await mkdir(place, { recursive: true });
  const before: HostBefore = {
    forwarding: await Promise.all(FORWARDING.map(async (file) => (await readFile(file, 'utf8')).trim())),
    policies: await Promise.all(PROGRAMS.map((program) => policyOf(program))),
  };
  await writeFile(join(place, 'host.json'), JSON.stringify(before));
  const log = await open(join(place, 'dockerd.log'), 'w');
  const child = spawn(
    'dockerd',
    [
      ...['--data-root', join(place, 'data'), '--exec-root', join(place, 'exec')],
      ...['--pidfile', join(place, 'pid'), '--host', hostOf(place)],
      ...['--bip', '198.18.214.1/24', '--default-address-pool', 'base=198.18.216.0/21,size=24'],
      ...['--add-runtime', `twinstack=${RUNTIME}`, '--default-runtime', 'twinstack'],
    ],
    { env: { ...process.env, ...env }, detached: true, stdio: ['ignore', log.fd, log.fd] },
  );
  let ended = false;
  child.once('exit', () => (ended = true));
  child.unref();
  await log.close();
  const [version = '', storageDriver = ''] = await waitUntil(
    async () => {
      if (ended) throw new Error(`dockerd ended:\n${await readFile(join(place, 'dockerd.log'), 'utf8')}`);
      const { stdout, stderr, failed } = await docker(place, 'info', '--format', INFO);
      return failed
        ? { met: false, missing: stderr }
        : { met: true as const, value: stdout.trim().split(' ') };
    },
    { ...START, condition: 'dockerd answers' },
  );
  return {
    host: hostOf(place),
    version,
    storageDriver,
    ours: true,
    stop: () => stopContainerDocker(place),
  };
}

/** Ends the daemon of a folder, whoever started it. */
export async function stopContainerDocker(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => '0'));
  if (pid > 0 && (await isDockerd(pid))) {
    process.kill(pid, 'SIGTERM');
    await waitUntil(
      async () =>
        (await isDockerd(pid))
          ? { met: false, missing: `process ${pid} is still there` }
          : { met: true, value: null },
      { ...STOP, condition: 'dockerd has ended' },
    );
  }
  const before = JSON.parse(await readFile(join(folder, 'host.json'), 'utf8')) as HostBefore;
  // The chains are one set for all daemons of a host.
  if ((await runningDaemons()).length === 0) {
    for (const [index, program] of PROGRAMS.entries()) {
      await execa(program, ['-w', '5', '-P', 'FORWARD', before.policies[index] ?? 'ACCEPT'], { env });
      await removeDockerChains(program);
    }
    for (const [index, file] of FORWARDING.entries()) await writeFile(file, before.forwarding[index] ?? '1');
    await execa('ip', ['link', 'delete', 'docker0'], { env, stdin: 'ignore', reject: false });
  }
  await rm(folder, { recursive: true, force: true });
}

function hostOf(folder: string): string {
  return `unix://${join(folder, 'docker.sock')}`;
}

async function docker(
  folder: string,
  ...args: string[]
): Promise<{ stdout: string; stderr: string; failed: boolean }> {
  const { stdout, stderr, failed } = await execa('docker', args, {
    env: { ...env, DOCKER_HOST: hostOf(folder) },
    stdin: 'ignore',
    reject: false,
    timeout: 10_000,
  });
  return { stdout, stderr, failed: failed || stdout.trim() === '' };
}

async function isDockerd(pid: number): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return name.trim() === 'dockerd' && !/\) Z /.test(state);
}
