import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { ownTestNames } from '../scenario/own-test-names.ts';
import { formatProblem, makeProblem, printable } from '../scenario/problem.ts';
import type { LoadedScenario } from '../scenario/load-scenario.ts';
import type { OwnTest, Scenario } from '../scenario/scenario.ts';

/**
 * The scenario with its tests where they will run: those of the file in its folder, and the command after `--`, which comes last,
 * in the caller's. That one has the rest of the run's time.
 */
export function withOwnTests(scenario: Scenario, file: string, command: readonly string[] | null): Scenario {
  const folder = resolve(dirname(file));
  const written = scenario.tests.map((test) => ({ ...test, cwd: resolve(folder, test.cwd) }));
  if (command === null) return { ...scenario, tests: written };
  const names = ownTestNames([...written, { name: null, command }]);
  const last: OwnTest = {
    name: names.at(-1) ?? 'test',
    command,
    cwd: process.cwd(),
    env: {},
    timeoutMs: scenario.timeoutMs,
  };
  return { ...scenario, tests: [...written, last] };
}

/**
 * What keeps a test from being started, as lines with the place of each: told before anything is touched. The file's tests come
 * first, so the one that it does not have is the command after `--`.
 */
export async function unstartableTests(
  { tests }: Scenario,
  loaded: Pick<LoadedScenario, 'scenario' | 'locate'>,
  searchPath: string,
): Promise<string[]> {
  const ofFile = loaded.scenario?.tests.length ?? 0;
  const found = await Promise.all(
    tests.map(async (test, index): Promise<string[]> => {
      const problem = await whyNotStartable(test, searchPath);
      if (problem === null) return [];
      if (index >= ofFile) return [`-- ${problem.message}`];
      const path = ['tests', index, ...problem.path];
      const { message } = problem;
      return [
        formatProblem(makeProblem({ rule: 'test-program', path, position: loaded.locate(path), message })),
      ];
    }),
  );
  return found.flat();
}

async function whyNotStartable(
  { command, cwd, env }: OwnTest,
  searchPath: string,
): Promise<{ path: (string | number)[]; message: string } | null> {
  const folder = await stat(cwd).catch(() => null);
  if (folder?.isDirectory() !== true) {
    return { path: ['cwd'], message: `${printable(cwd)} is no folder: a test can't run in it` };
  }
  const [program = ''] = command;
  const candidates = program.includes('/')
    ? [resolve(cwd, program)]
    : (env['PATH'] ?? searchPath).split(delimiter).map((directory) => join(resolve(cwd, directory), program));
  const states = await Promise.all(candidates.map(stateOf));
  if (states.includes('program')) return null;
  const message = states.includes('file')
    ? `${printable(program)} is not executable: chmod +x it, or name its interpreter before it`
    : program.includes('/')
      ? `${printable(program)} is no program: there is no file ${printable(candidates[0] ?? '')}`
      : `${printable(program)} is not installed (not found in PATH); a file of your own needs a slash: ./${printable(program)}`;
  return { path: ['run', 0], message };
}

async function stateOf(file: string): Promise<'program' | 'file' | 'nothing'> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true) return 'nothing';
  return access(file, constants.X_OK).then(
    () => 'program',
    () => 'file',
  );
}
