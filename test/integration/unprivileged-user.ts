import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { directoriesOf } from '../../src/host/directories.ts';
import { ROOT, runEntry, startEntry, type EntryResult, type RunningEntry } from '../support/run-entry.ts';

/** What a user who starts our program needs of a checkout. */
const CHECKOUT = [
  'dist',
  'package.json',
  'package-lock.json',
  'scenarios',
  'schemas',
  'scripts',
  'src',
  'templates',
  'tsconfig.build.json',
  'tsconfig.json',
  'types',
];

function must(file: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** Copies a tree by hard links where one file system holds both. */
function linkTree(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const { status } = spawnSync('cp', ['--archive', '--link', from, to]);
  if (status === 0) return;
  rmSync(to, { recursive: true, force: true });
  must('cp', '--archive', from, to);
}

/** A user without root on this host, with a home and a checkout of its own. Made by root, and removed when the tests end. */
export class UnprivilegedUser {
  readonly name = `twinstack-${randomBytes(3).toString('hex')}`;
  readonly home = mkdtempSync(join(tmpdir(), 'twinstack-not-root-'));
  readonly checkout = join(this.home, 'checkout');
  readonly #removeAtExit = (): void => this.remove();

  constructor({ groups }: { readonly groups: readonly string[] }) {
    process.once('exit', this.#removeAtExit);
    chmodSync(this.home, 0o700);
    mkdirSync(this.checkout);
    for (const name of CHECKOUT) must('cp', '--archive', join(ROOT, name), join(this.checkout, name));
    const groupOption = groups.length === 0 ? [] : ['--groups', groups.join(',')];
    must('useradd', '--no-create-home', '--home-dir', this.home, ...groupOption, this.name);
    must('chown', '--recursive', `${this.name}:`, this.home);
    // Only read; its files stay root's, since a link has no owner of its own.
    linkTree(join(ROOT, 'node_modules'), join(this.checkout, 'node_modules'));
  }

  /** Gives the user what root compiled, under the same keys: minutes of compiling prove nothing about a user without root. */
  shareComponents(): void {
    const from = join(directoriesOf(process.env).cache, 'components');
    const to = join(this.cache, 'components');
    mkdirSync(to, { recursive: true });
    const names = existsSync(from) ? readdirSync(from).filter((name) => !name.includes('.tmp-')) : [];
    for (const name of names) linkTree(join(from, name), join(to, name));
    for (const path of [dirname(this.cache), this.cache, to]) must('chown', `${this.name}:`, path);
  }

  get cache(): string {
    return join(this.home, '.cache', 'twinstack');
  }

  get state(): string {
    return join(this.home, '.local', 'state', 'twinstack');
  }

  /** Starts our program as this user, without a terminal. */
  start(...args: readonly string[]): RunningEntry {
    return startEntry(args, this.#environment, this.#place);
  }

  run(...args: readonly string[]): Promise<EntryResult> {
    return runEntry(args, this.#environment, this.#place);
  }

  /** Files of the home whose owner is somebody else, but for what root lent. */
  foreignFiles(): string[] {
    const lent = [join(this.checkout, 'node_modules'), join(this.cache, 'components')];
    const pruned = lent.flatMap((path) => ['-path', path, '-prune', '-o']);
    return this.#find(...pruned, '!', '-user', this.name, '-print');
  }

  /** Runs' folders that others could open, and files of them that others could read but for the reports. */
  exposedFiles(): string[] {
    const runs = ['-path', `${this.state}/runs/*`];
    const reports = ['-path', `${this.state}/runs/*/report`, '-prune', '-o'];
    return this.#find(...reports, ...runs, '-perm', '/077', '-print');
  }

  remove(): void {
    process.off('exit', this.#removeAtExit);
    spawnSync('userdel', [this.name]);
    rmSync(this.home, { recursive: true, force: true });
  }

  #find(...expression: string[]): string[] {
    const { stdout } = spawnSync('find', [this.home, ...expression], { encoding: 'utf8' });
    return stdout.split('\n').filter((line) => line !== '');
  }

  get #environment(): NodeJS.ProcessEnv {
    const none = { XDG_STATE_HOME: undefined, XDG_CACHE_HOME: undefined, XDG_CONFIG_HOME: undefined };
    return { ...none, HOME: this.home, USER: this.name, LOGNAME: this.name, SHELL: '/bin/sh' };
  }

  get #place(): { prefix: string[]; cwd: string } {
    const prefix = ['setpriv', `--reuid=${this.name}`, `--regid=${this.name}`, '--init-groups', '--'];
    return { prefix, cwd: this.checkout };
  }
}

/** Whether this process can make users: the tests of a user without root need root. */
export const canMakeUsers = process.geteuid?.() === 0;
