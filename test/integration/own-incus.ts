import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { withoutNpmFolders } from '../../src/process/search-path.ts';

const DAEMONS = ['/usr/libexec/incus/incusd', '/opt/incus/bin/incusd'];
const READY_TIMEOUT_MS = 60_000;

/** A daemon of Incus with a folder of its own, beside the one of this machine: it can be ended, started anew and halted. */
export class OwnIncus {
  readonly directory: string;
  readonly #program: string;
  #daemon: ChildProcess;

  private constructor(directory: string, program: string) {
    this.directory = directory;
    this.#program = program;
    this.#daemon = this.#spawn();
  }

  /** Starts one, and has clients that this process starts speak to it. @returns null where only root could, or Incus is not installed. */
  static async start(): Promise<OwnIncus | null> {
    const program = DAEMONS.find((file) => existsSync(file));
    if (process.getuid?.() !== 0 || program === undefined) return null;
    const own = new OwnIncus(await mkdtemp(join(tmpdir(), 'twinstack-incus-')), program);
    process.env['INCUS_DIR'] = own.directory;
    await own.#ready();
    return own;
  }

  /** Ends the daemon as a service manager does, which leaves instances alone, and starts it again. */
  async restart(): Promise<void> {
    await this.#end();
    this.#daemon = this.#spawn();
    await this.#ready();
    await this.#endForgotten();
  }

  /** Halts the daemon: its socket takes requests and nobody answers. */
  halt(): void {
    this.#daemon.kill('SIGSTOP');
  }

  resume(): void {
    this.#daemon.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.#end();
    delete process.env['INCUS_DIR'];
    await rm(this.directory, { recursive: true, force: true });
  }

  #spawn(): ChildProcess {
    return spawn(this.#program, ['--group', 'incus-admin', `--logfile=${join(this.directory, 'log')}`], {
      // In npm's search path `nft` is another program than nftables'.
      env: {
        PATH: withoutNpmFolders(process.env['PATH'] ?? ''),
        HOME: '/root',
        LANG: 'C.UTF-8',
        INCUS_DIR: this.directory,
      },
      stdio: 'ignore',
    });
  }

  async #ready(): Promise<void> {
    const env = { INCUS_DIR: this.directory };
    const seconds = READY_TIMEOUT_MS / 1000;
    await execa('incus', ['admin', 'waitready', `--timeout=${seconds}`], { env, stdin: 'ignore' });
  }

  /**
   * Ends what Incus forgets: a daemon that ends while it makes a network has no record of the dnsmasq that it has just started, and
   * removes the network without it. A program of root's that is nobody's object is nothing that a run could know.
   */
  async #endForgotten(): Promise<void> {
    const folder = join(this.directory, 'networks');
    const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
    for (const pid of pids) {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      const network = /^--interface=(.+)$/.exec(
        words.find((word) => word.startsWith('--interface=')) ?? '',
      )?.[1];
      if (network === undefined || !words.some((word) => word.includes(`${folder}/${network}/`))) continue;
      const recorded = await readFile(join(folder, network, 'dnsmasq.pid'), 'utf8').catch(() => '');
      if (!new RegExp(`\\b${pid}\\b`).test(recorded)) process.kill(Number(pid), 'SIGTERM');
    }
  }

  async #end(): Promise<void> {
    if (this.#daemon.exitCode !== null || this.#daemon.signalCode !== null) return;
    const ended = once(this.#daemon, 'exit');
    this.#daemon.kill('SIGTERM');
    await ended;
  }
}
