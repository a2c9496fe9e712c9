import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseScenario } from './parse-scenario.ts';
import type { ParsedScenario, ParseOptions } from './parse-scenario.ts';
import { checkBinaries } from './check-binaries.ts';
import { compareProblems, makeProblem } from './problem.ts';
import type { Problem } from './problem.ts';
import { MAX_SCENARIO_SIZE } from './read-yaml.ts';

/** A scenario from a file, with what the report says about that file. */
export interface LoadedScenario extends ParsedScenario {
  /** The file's bytes in hexadecimal SHA-256; empty when it could not be read. `--set` does not change it. */
  readonly sha256: string;
  /** The file's content without a byte order mark; empty when it could not be read. */
  readonly text: string;
}

function fileProblem(file: string, message: string): Problem {
  return makeProblem({ rule: 'file', path: [], position: { file, line: 1, column: 1 }, message });
}

/** What the operating system has against a path, in words. */
function describeFileError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or directory';
    case 'ENOTDIR':
      return 'a part of this path is a file, not a directory';
    case 'EACCES':
    case 'EPERM':
      return 'reading it is not permitted';
    case 'ELOOP':
      return 'its symbolic links go in a circle';
    case 'ENAMETOOLONG':
      return 'the path is too long for this system';
    default:
      return `it can't be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function failed(problem: Problem, sha256 = ''): LoadedScenario {
  return {
    scenario: null,
    problems: [problem],
    expect: null,
    locate: () => problem.position,
    sha256,
    text: '',
  };
}

/**
 * Reads and checks one scenario file. Never throws because of the file: that it can't be read, is a directory, is too large or no text
 * is a problem like any other.
 */
export async function loadScenario(path: string, options: ParseOptions = {}): Promise<LoadedScenario> {
  let bytes: Buffer;
  try {
    const { size, ...stats } = await fileKind(path);
    if (stats.isDirectory) return failed(fileProblem(path, 'is a directory: name a scenario file in it'));
    // A pipe or a device may have no end.
    if (!stats.isFile) return failed(fileProblem(path, 'is no regular file'));
    if (size > MAX_SCENARIO_SIZE) {
      const message = `has ${size} bytes, more than a scenario can have (${MAX_SCENARIO_SIZE}): is this the right file?`;
      return failed(fileProblem(path, message));
    }
    bytes = await readFile(path);
  } catch (error) {
    return failed(fileProblem(path, describeFileError(error)));
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return failed(fileProblem(path, 'is not UTF-8 text: save it as UTF-8'), sha256);
  }
  const parsed = parseScenario(text, path, options);
  const found = await checkBinaries(parsed, path);
  if (found.length === 0) return { ...parsed, sha256, text };
  const problems = [...parsed.problems, ...found].sort(compareProblems);
  return { ...parsed, scenario: null, problems, sha256, text };
}

async function fileKind(path: string): Promise<{ isDirectory: boolean; isFile: boolean; size: number }> {
  const stats = await stat(path);
  return { isDirectory: stats.isDirectory(), isFile: stats.isFile(), size: stats.size };
}

/** Folders that are nobody's scenarios: hidden ones and installed packages. */
function isSkippedFolder(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry): Promise<string[]> => {
      const path = join(folder, entry.name);
      // Links to folders are not followed, so there is no way round in a circle.
      if (entry.isDirectory()) return isSkippedFolder(entry.name) ? [] : filesIn(path);
      return /\.ya?ml$/i.test(entry.name) && !entry.name.startsWith('.') ? [path] : [];
    }),
  );
  return found.flat();
}

/**
 * The scenario files that paths stand for: a file is itself, whatever its name, and a directory is all `*.yaml` and `*.yml` in and
 * below it. Sorted by path within each directory, in the order of the arguments; a file that is named in two ways comes once, as it
 * was named first.
 */
export async function findScenarioFiles(
  paths: readonly string[],
): Promise<{ readonly files: readonly string[]; readonly problems: readonly Problem[] }> {
  const files = new Map<string, string>();
  const add = (file: string): unknown => files.has(resolve(file)) || files.set(resolve(file), file);
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      if (!(await fileKind(path)).isDirectory) {
        add(path);
        continue;
      }
      const found = (await filesIn(path)).sort();
      if (found.length === 0)
        problems.push(fileProblem(path, 'holds no scenario: no *.yaml or *.yml is in or below it'));
      for (const file of found) add(file);
    } catch (error) {
      problems.push(fileProblem(path, describeFileError(error)));
    }
  }
  return { files: [...files.values()], problems };
}
