import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { CommandError } from '../process/command-runner.ts';
import type { CallOptions, Node, NodeFile, NodeProgram } from './provider.ts';

const FOLDER = '/etc/twinstack/dialogue';
const AS_SHELL = `${FOLDER}/as-shell.sh`;

async function template(name: string): Promise<string> {
  return await readFile(join(packageRoot(), 'templates', 'dialogue', name), 'utf8');
}

/** The script that ends a program's processes, for `sh -s -- MARK`. */
export async function endScript(): Promise<string> {
  return await template('end-marked.sh');
}

/** The files that a node needs before a program there can be given a terminal. */
export async function terminalFiles(): Promise<NodeFile[]> {
  return [{ path: AS_SHELL, mode: 0o755, content: await template('as-shell.sh') }];
}

/**
 * Sees that a node has the script(1) that {@link startInTerminal} needs.
 * @throws {CommandError} that says what is missing and what to do.
 */
export async function requireTerminal(node: Node, options: CallOptions): Promise<void> {
  const command = ['script', '--version'];
  const { exitCode, stdout } = await node.run('script', ['--version'], { ...options, accept: 'any' });
  if (exitCode === 0 && stdout.includes('util-linux')) return;
  throw new CommandError(
    `${node.name} has no script(1) of util-linux, which a dialogue over a pty needs; ` +
      'put it into the image (Debian and Ubuntu: package bsdutils), or set dialogue.mode: pipe',
    { kind: 'not-found', command, exitCode, stdout },
  );
}

/** What is started in a node, and its environment. */
export interface StartedAs {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * How a program is given a pseudo-terminal in a node, while its input and output stay pipes here. The engine's own way (`lxc exec -t`)
 * needs a terminal on this side too. script(1) of util-linux makes one; it takes a command for a shell only, so it is given a shell
 * of ours that takes the program from its environment.
 */
export function startInTerminal({ file, args }: NodeProgram): StartedAs {
  const words = [file, ...args].map((word, index) => [`TWINSTACK_ARGUMENT_${index}`, word] as const);
  return {
    file: 'script',
    args: ['--quiet', '--return', '--flush', '/dev/null'],
    // The engine would hand on the kind of the terminal that we were started on.
    env: { SHELL: AS_SHELL, TERM: 'dumb', ...Object.fromEntries(words) },
  };
}
