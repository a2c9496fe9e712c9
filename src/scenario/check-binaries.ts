import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hostArchitecture, type Architecture } from '../images/architecture.ts';
import { programProblem } from '../images/sources/program-file.ts';
import { STATIC_PROGRAMS } from './own-programs.ts';
import { makeProblem, printable, type Problem } from './problem.ts';
import type { ParsedScenario } from './parse-scenario.ts';

/** Looks at the user's own programs that a scenario names: whether each is there, and can run in a node of this host. */
export async function checkBinaries(
  { scenario, locate }: ParsedScenario,
  scenarioFile: string,
): Promise<Problem[]> {
  const architecture = hostArchitecture();
  // No node runs here, whatever the program is made for: the run is refused for that.
  if (architecture === null) return [];
  const found = Object.entries(scenario?.binaries ?? {}).map(async ([program, path]): Promise<Problem[]> => {
    const file = resolve(dirname(scenarioFile), path);
    const problem = await problemOf(program, file, architecture);
    if (problem === null) return [];
    const at = ['binaries', program];
    const message = `${printable(path)} ${problem}${file === path ? '' : ` (${printable(file)})`}`;
    return [makeProblem({ rule: 'file', path: at, position: locate(at), message })];
  });
  return (await Promise.all(found)).flat();
}

async function problemOf(program: string, file: string, architecture: Architecture): Promise<string | null> {
  try {
    // A pipe or a device may have no end.
    if (!(await stat(file)).isFile()) return 'is no regular file';
    const wanted = { architecture, static: STATIC_PROGRAMS.includes(program) };
    return await programProblem(file, wanted);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return 'is not there; paths are relative to the scenario file';
    return `can't be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
