import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../support/run-entry.ts';

const BUILD_TIMEOUT_MS = 300_000;

/**
 * Compiles a stand-in for `k8s` from test/rigs, which needs nothing but Go.
 * @param mood how the hostile one asks.
 * @returns the program's path.
 */
export async function buildK8sRig(rig: 'k8s' | 'hostile', mood?: string): Promise<string> {
  const program = join(await mkdtemp(join(tmpdir(), 'twinstack-rig-')), 'k8s');
  const flags = mood === undefined ? [] : ['-ldflags', `-X main.mood=${mood}`];
  await execa('go', ['build', '-trimpath', ...flags, '-o', program, '.'], {
    cwd: join(ROOT, 'test', 'rigs', rig),
    env: { CGO_ENABLED: '0' },
    stdin: 'ignore',
    timeout: BUILD_TIMEOUT_MS,
  });
  return program;
}
