import { spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { systemPath } from '../../src/process/system-path.ts';
import { waitUntil } from '../../src/run/wait-until.ts';
import { never } from '../support/never.ts';

const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';
const PROGRAMS = ['iptables', 'ip6tables'] as const;
const env = { PATH: systemPath(process.env['PATH']), DEBIAN_FRONTEND: 'noninteractive' };
const START = { timeoutMs: 30_000, intervalMs: 50, signal: never() };

const run = async (file: string, ...args: string[]): Promise<string> =>
  (await execa(file, args, { env, stdin: 'ignore' })).stdout;

/** A Docker daemon of the test's own, beside which the host's firewall drops what is forwarded. */
export interface DockerDaemon {
  /** Ends the daemon, and gives the host's firewall and forwarding back as they were. */
  stop(): Promise<void>;
}

/** The chain FORWARD of both families as `iptables -S` prints it. */
export async function forwardChains(): Promise<string[]> {
  const lists = await Promise.all(PROGRAMS.map((program) => run(program, '-w', '5', '-S', 'FORWARD')));
  return lists.flatMap((list) => list.split('\n'));
}

/** Whether Docker is installed; in CI it is installed now. */
export async function dockerIsHere(inCI: boolean): Promise<boolean> {
  if (await canRun('dockerd')) return true;
  if (!inCI) return false;
  await run('apt-get', 'update');
  await run('apt-get', 'install', '--yes', '--no-install-recommends', 'docker.io', 'iptables');
  return canRun('dockerd');
}

async function canRun(program: string): Promise<boolean> {
  const { failed } = await execa(program, ['--version'], { env, stdin: 'ignore', reject: false });
  return !failed;
}

/** The names of the processes that are Docker daemons, with the firewall that this process has. */
export async function runningDaemons(): Promise<string[]> {
  const networkOf = (pid: string): Promise<string> => readlink(`/proc/${pid}/ns/net`).catch(() => '');
  const own = await networkOf('self');
  const names = await Promise.all(
    (await readdir('/proc')).map(async (pid) => {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      return name.trim() === 'dockerd' && (await networkOf(pid)) === own ? name : '';
    }),
  );
  return names.filter((name) => name !== '');
}

/**
 * Starts a daemon with folders of its own. It finds forwarding switched off, as on a laptop where Docker starts first, and therefore
 * sets the policy of the chains to DROP. A daemon that runs already is used as it is.
 */
export async function startDocker(): Promise<DockerDaemon> {
  const before = await Promise.all(PROGRAMS.map((program) => policyOf(program)));
  const forwarding = (await readFile(IP_FORWARD, 'utf8')).trim();
  const daemon = (await runningDaemons()).length === 0 ? await launch() : null;
  for (const program of PROGRAMS) await run(program, '-w', '5', '-P', 'FORWARD', 'DROP');
  return {
    stop: async () => {
      await daemon?.end();
      for (const [index, program] of PROGRAMS.entries()) {
        await run(program, '-w', '5', '-P', 'FORWARD', before[index] ?? 'ACCEPT');
        if (daemon !== null) await removeDockerChains(program);
      }
      await writeFile(IP_FORWARD, forwarding);
      if (daemon === null) return;
      await execa('ip', ['link', 'delete', 'docker0'], { env, stdin: 'ignore', reject: false });
      await rm(daemon.folder, { recursive: true, force: true });
    },
  };
}

async function launch(): Promise<{ folder: string; end(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'twinstack-docker-'));
  const socket = join(folder, 'docker.sock');
  await mkdir(join(folder, 'data'));
  await writeFile(IP_FORWARD, '0');
  const args = [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'pid'), '--host', `unix://${socket}`],
    ...['--storage-driver', 'vfs', '--bip', '198.18.213.1/24'],
    // On by default from Docker 27.
    ...['--experimental', '--ip6tables'],
  ];
  const child = spawn('dockerd', args, { env: { ...process.env, ...env }, detached: true, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await waitUntil(
    async () => {
      const listens = await access(socket).then(
        () => true,
        () => false,
      );
      // The socket is there before the firewall is set up; a daemon that answers has done that.
      const info = listens
        ? await execa('curl', ['--silent', '--fail', '--unix-socket', socket, 'http://docker/_ping'], {
            env,
            reject: false,
            stdin: 'ignore',
          })
        : null;
      return info?.exitCode === 0
        ? { met: true, value: null }
        : { met: false, missing: 'it does not answer' };
    },
    { ...START, condition: 'dockerd answers' },
  );
  return {
    folder,
    end: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** What chain FORWARD does with a packet that no rule of it decides on. */
export async function policyOf(program: string): Promise<string> {
  const listing = await run(program, '-w', '5', '-S', 'FORWARD');
  return /^-P FORWARD (\w+)/m.exec(listing)?.[1] ?? 'ACCEPT';
}

/** Removes the chains and rules of Docker daemons, which leave them behind when they end. */
export async function removeDockerChains(program: string): Promise<void> {
  for (const table of ['filter', 'nat']) {
    const { stdout, failed } = await execa(program, ['-w', '5', '-t', table, '-S'], {
      env,
      stdin: 'ignore',
      reject: false,
    });
    if (failed) continue;
    const lines = stdout.split('\n').map((line) => line.split(' '));
    const inTable = (...args: string[]): Promise<string> => run(program, '-w', '5', '-t', table, ...args);
    for (const [verb, chain = '', ...rule] of lines) {
      const ofDocker = rule.some((word) =>
        /^(DOCKER.*|docker0|198\.18\.21[3-9]\..*|198\.18\.22[0-3]\..*)$/.test(word),
      );
      if (verb === '-A' && !chain.startsWith('DOCKER') && ofDocker) await inTable('-D', chain, ...rule);
    }
    const chains = lines.flatMap(([verb, chain = '']) =>
      verb === '-N' && chain.startsWith('DOCKER') ? [chain] : [],
    );
    for (const chain of chains) await inTable('-F', chain);
    for (const chain of chains) await inTable('-X', chain);
  }
}
