import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { directoriesOf } from '../../src/host/directories.ts';
import { ROOT } from '../support/run-entry.ts';

const BUILD_TIMEOUT_MS = 300_000;

/** Go in PATH, else the one that was fetched to build a node image. */
async function findGo(): Promise<string> {
  const { exitCode } = await execa('go', ['version'], { reject: false, stdin: 'ignore' });
  if (exitCode === 0) return 'go';
  const folder = join(directoriesOf(process.env).cache, 'go', 'toolchain');
  const toolchain = (await readdir(folder).catch(() => [])).sort().at(-1);
  if (toolchain === undefined)
    throw new Error(`the stand-ins are compiled with Go, which is neither in PATH nor in ${folder}`);
  return join(folder, toolchain, 'bin', 'go');
}

/** What a stand-in takes the place of. */
const PROGRAMS = { k8s: 'k8s', hostile: 'k8s', k0s: 'k0s', kindnode: 'kindnode' } as const;

/**
 * Compiles a stand-in from test/rigs, which needs nothing but Go.
 * @param variables what the linker sets: on which kind of bad day it runs (`mood`), which release it says that it is (`version`).
 * @returns the program's path.
 */
export async function buildRig(
  rig: keyof typeof PROGRAMS,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const program = join(await mkdtemp(join(tmpdir(), 'twinstack-rig-')), PROGRAMS[rig]);
  const linked = Object.entries(variables).map(([name, value]) => `-X main.${name}=${value}`);
  const flags = linked.length === 0 ? [] : ['-ldflags', linked.join(' ')];
  await execa(await findGo(), ['build', '-trimpath', ...flags, '-o', program, `./${rig}`], {
    cwd: join(ROOT, 'test', 'rigs'),
    env: { CGO_ENABLED: '0' },
    stdin: 'ignore',
    timeout: BUILD_TIMEOUT_MS,
  });
  return program;
}
