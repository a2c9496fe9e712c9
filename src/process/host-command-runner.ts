import { execa } from 'execa';
import {
  CommandError,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from './command-runner.ts';

/** Output of one program that we keep in memory; a program that prints more is ended (its output is streamed anyway). */
const MAX_OUTPUT_CHARACTERS = 64 * 1024 * 1024;

/** How long a program that was asked to end may take before it is killed, in milliseconds. */
const KILL_DELAY_MS = 3000;

/**
 * Runs programs on this host through execa. Standard input is closed unless `input` is given: `lxc init`, `lxc profile create`
 * and others read YAML from a standard input that is not a terminal, and would wait for ever.
 */
export class HostCommandRunner implements CommandRunner {
  async run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    options.signal.throwIfAborted();
    const started = performance.now();
    const subprocess = execa(file, [...args], {
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...options.env },
      timeout: options.timeoutMs,
      cancelSignal: options.signal,
      forceKillAfterDelay: KILL_DELAY_MS,
      maxBuffer: MAX_OUTPUT_CHARACTERS,
      reject: false,
      // A Ctrl-C at a terminal reaches the whole foreground group; our children must outlive it, for the clean-up to be ours.
      detached: true,
      cleanup: true,
    });
    const { onLine } = options;
    if (onLine !== undefined) {
      const follow = async (stream: 'stdout' | 'stderr'): Promise<void> => {
        for await (const line of subprocess.iterable({ from: stream })) onLine(line, stream);
      };
      // A line reader fails when its program does; the program's own result below says so better.
      void Promise.allSettled([follow('stdout'), follow('stderr')]);
    }
    const result = await subprocess;
    const durationMs = Math.round(performance.now() - started);
    if (result.isCanceled) options.signal.throwIfAborted();
    const accepted = options.accept ?? [0];
    const { exitCode } = result;
    const output = { stdout: String(result.stdout ?? ''), stderr: String(result.stderr ?? '') };
    if (exitCode !== undefined && !result.timedOut && (accepted === 'any' || accepted.includes(exitCode))) {
      return { exitCode, ...output, durationMs };
    }
    const command = [file, ...args];
    if (result.timedOut) {
      const message = `${file} did not end within ${options.timeoutMs / 1000} s`;
      throw new CommandError(message, { kind: 'timeout', command, ...output });
    }
    if (exitCode === undefined && result.code === 'ENOENT') {
      throw new CommandError(`${file} is not installed (not found in PATH)`, { kind: 'not-found', command });
    }
    if (exitCode === undefined) {
      const why =
        result.signal === undefined
          ? (result.shortMessage ?? 'could not be started')
          : `was ended by ${result.signal}`;
      throw new CommandError(`${file} ${why}`, { kind: 'signal', command, ...output });
    }
    const said = (output.stderr.trim() || output.stdout.trim()).split('\n').at(-1) ?? '';
    const ending = `${file} ended with status ${exitCode}${said === '' ? '' : `: ${said}`}`;
    throw new CommandError(ending, {
      kind: 'exit',
      command,
      exitCode,
      ...output,
    });
  }
}
