import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The checkout. Children start here, so that messages name files as a user sees them. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The compiled entry, as `npm run scenario` starts it; `npm test` compiles it first. */
const ENTRY = join(ROOT, 'dist', 'cli.js');

/** What a program that ended left. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs, and its end. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/**
 * A user of whom nothing is known: an empty home, and a PATH that leads to Node and to what a test puts there. So no test of the
 * command line can reach this host's engine, packages or state.
 */
export class Visitor {
  readonly home: string;
  readonly #folder: string;
  readonly #programs: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.home = join(folder, 'home');
    this.#programs = join(folder, 'programs');
  }

  static async arrive(): Promise<Visitor> {
    const visitor = new Visitor(await mkdtemp(join(tmpdir(), 'twinstack-cli-')));
    await mkdir(visitor.home);
    await mkdir(visitor.#programs);
    await symlink(process.execPath, join(visitor.#programs, 'node'));
    return visitor;
  }

  /** Puts a program of a test's own into PATH: JavaScript that is run by Node. */
  async addProgram(name: string, script: string): Promise<void> {
    const file = join(this.#programs, name);
    await writeFile(file, `#!${process.execPath}\n${script}\n`);
    await chmod(file, 0o755);
  }

  /** A place for files that is neither home nor state. */
  file(name: string): string {
    return join(this.#folder, name);
  }

  async write(name: string, content: string): Promise<string> {
    const file = this.file(name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    return file;
  }

  /** Starts the entry without a terminal. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const child = spawn(process.execPath, [ENTRY, ...args], {
      cwd: ROOT,
      env: { PATH: this.#programs, HOME: this.home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise<Pick<Ended, 'status' | 'signal'>>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => resolve({ status, signal }));
    });
    const ended = Promise.all([exited, text(child.stdout), text(child.stderr)]).then(
      ([exit, stdout, stderr]) => ({ ...exit, stdout, stderr }),
    );
    return { child, ended };
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Everything in the home, folders included, relative to it. */
  async belongings(): Promise<string[]> {
    return readdir(this.home, { recursive: true });
  }

  async leave(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A visitor for one test, gone with it. */
export async function visit(t: { teardown(work: () => Promise<void>): void }): Promise<Visitor> {
  const visitor = await Visitor.arrive();
  t.teardown(() => visitor.leave());
  return visitor;
}

/** Every verb; `image` has verbs of its own. */
export const VERBS: readonly (readonly string[])[] = [
  ['run'],
  ['plan'],
  ['lint'],
  ['list'],
  ['init'],
  ['matrix'],
  ['doctor'],
  ['ps'],
  ['down'],
  ['gc'],
  ['kubeconfig'],
  ['logs'],
  ['shell'],
  ['report'],
  ['image'],
  ['image', 'build'],
  ['image', 'key'],
  ['image', 'list'],
  ['image', 'export'],
  ['image', 'import'],
  ['image', 'remove'],
];
