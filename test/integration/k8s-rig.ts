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

/**
 * Compiles a stand-in for `k8s` from test/rigs, which needs nothing but Go.
 * @param mood how the hostile one asks.
 * @returns the program's path.
 */
export async function buildK8sRig(rig: 'k8s' | 'hostile', mood?: string): Promise<string> {
  const program = join(await mkdtemp(join(tmpdir(), 'twinstack-rig-')), 'k8s');
  const flags = mood === undefined ? [] : ['-ldflags', `-X main.mood=${mood}`];
  await execa(await findGo(), ['build', '-trimpath', ...flags, '-o', program, '.'], {
    cwd: join(ROOT, 'test', 'rigs', rig),
    env: { CGO_ENABLED: '0' },
    stdin: 'ignore',
    timeout: BUILD_TIMEOUT_MS,
  });
  return program;
}
