import { execa } from 'execa';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { uptime } from 'node:os';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { shellWords } from '../report/shell-words.ts';
import { FailureError } from '../run/failure.ts';
import { CommandError, type CommandRunner } from '../process/command-runner.ts';
import { setupCommandSchema, type Finding, type SetupCommand } from './findings/finding.ts';

const changesSchema = z.array(
  z.object({
    at: z.string(),
    finding: z.string(),
    commands: z.array(setupCommandSchema),
    undo: z.array(setupCommandSchema),
  }),
);

/** A change of this host that we made, and how it is taken back. */
export type HostChange = z.infer<typeof changesSchema>[number];

/** How set-up commands are run. */
export interface SetUpOptions {
  readonly runner: CommandRunner;
  readonly root: boolean;
  /** sudo may ask for a password: there is a terminal. */
  readonly interactive: boolean;
  readonly stateDirectory: string;
  readonly signal: AbortSignal;
  readonly onCommand: (command: readonly string[]) => void;
  readonly onLine: (line: string) => void;
}

/** Package downloads on a slow line. */
const COMMAND_TIMEOUT_MS = 15 * 60_000;
/** sudo may ask a directory service about the user. */
const SUDO_TIMEOUT_MS = 30_000;

const changesFile = (stateDirectory: string): string => join(stateDirectory, 'host-changes.json');

/** A command as root: as it is for root, through sudo for everybody else. */
export function asRoot(command: readonly string[], root: boolean, interactive: boolean): readonly string[] {
  if (root) return command;
  return ['sudo', ...(interactive ? [] : ['-n']), ...command];
}

/** A command of the set-up as this user types it into a shell. */
export function typedCommand({ command, daemon, input }: SetupCommand, root: boolean): string {
  const typed = shellWords(asRoot(command, root, true));
  const given = input === undefined ? '' : `${shellWords(['printf', '%s\\n', input.trimEnd()])} | `;
  return `${given}${typed}${daemon === true ? ' &' : ''}`;
}

/** A daemon outlives us and our environment, which may be npm's: it gets what the system would give it. */
function daemonEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/root', LANG: 'C.UTF-8' };
}

async function runCommand({ command, daemon, input }: SetupCommand, options: SetUpOptions): Promise<void> {
  const [file, ...args] = asRoot(command, options.root, options.interactive);
  if (file === undefined) return;
  options.onCommand([file, ...args]);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if (daemon === true) {
    // It outlives us: its own session, none of our streams, and no wait for its end.
    const child = execa(file, args, {
      detached: true,
      stdio: 'ignore',
      cleanup: false,
      reject: false,
      extendEnv: false,
      env: daemonEnvironment(),
    });
    child.unref();
    return;
  }
  if (file === 'sudo' && options.interactive) {
    // sudo asks for the password on our terminal, which a program in a session of its own does not have.
    const { failed, exitCode } = await execa(file, args, {
      ...(input === undefined ? { stdin: 'inherit' } : { input }),
      stdout: 2,
      stderr: 2,
      env,
      timeout: COMMAND_TIMEOUT_MS,
      cancelSignal: options.signal,
      reject: false,
    });
    if (!failed) return;
    const message = `${file} ended with status ${exitCode ?? 'unknown'}`;
    throw new CommandError(message, { kind: 'exit', command: [file, ...args] });
  }
  await options.runner.run(file, args, {
    timeoutMs: COMMAND_TIMEOUT_MS,
    signal: options.signal,
    env,
    onLine: options.onLine,
    ...(input === undefined ? {} : { input }),
  });
}

/**
 * The changes of this host that are recorded, oldest first.
 * @throws {FailureError} class `preflight` for a record that can't be read: to go on would lose what takes changes back.
 */
export async function readHostChanges(stateDirectory: string): Promise<HostChange[]> {
  const file = changesFile(stateDirectory);
  try {
    return changesSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    const message = `${file} is to say which changes of this host can be undone, and can't be read: ${why}`;
    const hint = 'Mend it, or move it away: then `doctor --undo` no longer knows what was changed before.';
    throw new FailureError({ class: 'preflight', step: 'set-up', message, hint }, { cause: error });
  }
}

/** The findings that were put right since this machine was started; older changes may be gone. */
export async function fixedSinceStart(stateDirectory: string): Promise<Set<string>> {
  const startedAt = Date.now() - uptime() * 1000;
  const changes = await readHostChanges(stateDirectory).catch((error: unknown): HostChange[] => {
    // It only decides whether a warning is given again.
    if (error instanceof FailureError) return [];
    throw error;
  });
  return new Set(changes.filter(({ at }) => Date.parse(at) > startedAt).map(({ finding }) => finding));
}

async function recordChange(change: HostChange, stateDirectory: string): Promise<void> {
  await writeChanges([...(await readHostChanges(stateDirectory)), change], stateDirectory);
}

async function writeChanges(changes: readonly HostChange[], stateDirectory: string): Promise<void> {
  const file = changesFile(stateDirectory);
  if (changes.length === 0) return rm(file, { force: true });
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, `${JSON.stringify(changes, null, 2)}\n`, { mode: 0o600 });
}

/**
 * Asks sudo whether it lets this user run the commands; on a terminal it asks the user for a password instead. Nothing is changed.
 * @throws {FailureError} class `preflight` with every command, when one of them is not allowed.
 */
export async function requireRights(commands: readonly SetupCommand[], options: SetUpOptions): Promise<void> {
  if (options.root || options.interactive) return;
  const refused: string[] = [];
  for (const { command } of commands) {
    const call = { timeoutMs: SUDO_TIMEOUT_MS, signal: options.signal, env: { LC_ALL: 'C' } };
    try {
      await options.runner.run('sudo', ['-n', '-l', '--', ...command], call);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // Of a program that an earlier command will install sudo knows nothing yet.
      if (/command not found/.test(error.stderr)) continue;
      const why = error.kind === 'not-found' ? 'sudo is not installed' : error.lastLines(1)[0];
      refused.push(`  ${command.join(' ')}${why === undefined ? '' : ` (${why})`}`);
    }
  }
  if (refused.length === 0) return;
  const all = commands.map((command) => `  ${typedCommand(command, true)}`);
  throw new FailureError({
    class: 'preflight',
    step: 'set-up',
    message: ['set-up needs root, and sudo does not let us run without a password:', ...refused].join('\n'),
    hint: ['Nothing was changed. Run these commands as root, or allow them in sudoers:', ...all].join('\n'),
  });
}

/**
 * Runs the fixes of findings; the undo of each is recorded before its first command that changes something.
 * @throws {FailureError} class `preflight` when we may not run all of them, before anything was changed, or when a command fails,
 *   with the program's own words.
 */
export async function applyFixes(findings: readonly Finding[], options: SetUpOptions): Promise<void> {
  await requireRights(
    findings.flatMap(({ fix }) => fix?.commands ?? []),
    options,
  );
  for (const { id, fix } of findings) {
    if (fix === null) continue;
    let recorded = false;
    for (const command of fix.commands) {
      // What fails before anything is changed leaves nothing to take back.
      const first = !recorded && command.harmless !== true;
      if (first) {
        const at = new Date().toISOString();
        const change = { at, finding: id, commands: [...fix.commands], undo: [...fix.undo] };
        await recordChange(change, options.stateDirectory);
        recorded = true;
      }
      try {
        await runOrExplain(command, id, options);
      } catch (error) {
        if (first && isRefusedBySudo(error)) await forgetLastChange(options.stateDirectory);
        throw error;
      }
    }
  }
}

/** sudo names a command that asks for a password as allowed: only running it shows that it does. */
function isRefusedBySudo(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof CommandError && cause.command[0] === 'sudo' && /^sudo: /m.test(cause.stderr);
}

async function forgetLastChange(stateDirectory: string): Promise<void> {
  await writeChanges((await readHostChanges(stateDirectory)).slice(0, -1), stateDirectory);
}

async function runOrExplain(command: SetupCommand, finding: string, options: SetUpOptions): Promise<void> {
  await runCommand(command, options).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    if (command.mayFail === true) {
      options.onLine(`${error.message}: it may be gone already`);
      return;
    }
    const message = [
      `set-up (${finding}) failed: ${error.message}`,
      ...error.lastLines().map((line) => `  ${line}`),
    ].join('\n');
    const hint = `Run it by hand to see more: ${error.command.join(' ')}`;
    throw new FailureError({ class: 'preflight', step: 'set-up', message, hint }, { cause: error });
  });
}

/**
 * Takes back every recorded change, newest first, and forgets it. @returns the findings whose changes were taken back.
 * @throws {FailureError} class `preflight` when we may not run all of it, or a command fails; what is left to take back stays recorded.
 */
export async function undoFixes(options: SetUpOptions): Promise<string[]> {
  const changes = (await readHostChanges(options.stateDirectory)).reverse();
  await requireRights(
    changes.flatMap(({ undo }) => undo),
    options,
  );
  for (const [done, { undo, finding }] of changes.entries()) {
    for (const command of undo) await runOrExplain(command, finding, options);
    await writeChanges(changes.slice(done + 1).reverse(), options.stateDirectory);
  }
  return changes.map(({ finding }) => finding);
}
