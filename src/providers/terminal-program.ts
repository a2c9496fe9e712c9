import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import type { NodeFile, NodeProgram } from './provider.ts';

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
    env: { SHELL: AS_SHELL, ...Object.fromEntries(words) },
  };
}
