import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parseScenario } from './parse-scenario.ts';
import type { ParsedScenario, ParseOptions } from './parse-scenario.ts';
import { checkBinaries } from './check-binaries.ts';
import { cniManifestProblems } from '../cni/cni-manifest-problems.ts';
import { manifestProblems } from './manifest-problems.ts';
import { compareProblems, makeProblem, printable } from './problem.ts';
import { readManifest, type ManifestContext } from './read-manifest.ts';
import type { DocumentPath } from './document-path.ts';
import type { Manifest } from './manifest.ts';
import type { Problem } from './problem.ts';
import { MAX_SCENARIO_SIZE } from './read-yaml.ts';

/** Bytes of one manifest; the API server takes no object larger than 3 MiB. */
const MAX_MANIFEST_SIZE = 4 * 1024 * 1024;

/** A scenario from a file, with what the report says about that file. */
export interface LoadedScenario extends ParsedScenario {
  /** The file's bytes in hexadecimal SHA-256; empty when it could not be read. `--set` does not change it. */
  readonly sha256: string;
  /** The file's content without a byte order mark; empty when it could not be read. */
  readonly text: string;
  /** The manifests that its workloads name, in their order; complete where there is a scenario. */
  readonly manifests: readonly Manifest[];
  /** What its network plugin is installed by; null where no file is named, or none that can be read. */
  readonly cniManifest: Manifest | null;
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
  const locate = () => problem.position;
  return {
    scenario: null,
    problems: [problem],
    expect: null,
    auto: null,
    locate,
    sha256,
    text: '',
    manifests: [],
    cniManifest: null,
  };
}

/**
 * Reads and checks one scenario file. Never throws because of the file: that it can't be read, is a directory, is too large or no text
 * is a problem like any other.
 */
export async function loadScenario(path: string, options: ParseOptions = {}): Promise<LoadedScenario> {
  const read = await readText(path, MAX_SCENARIO_SIZE, 'a scenario');
  if ('problem' in read) return failed(read.problem, read.sha256);
  const { text, sha256 } = read;
  const parsed = parseScenario(text, path, options);
  const found = await checkBinaries(parsed, path);
  const loaded = { ...parsed, sha256, text, manifests: [], cniManifest: null };
  if (found.length === 0) return withManifests(loaded, path);
  return { ...loaded, scenario: null, problems: [...parsed.problems, ...found].sort(compareProblems) };
}

/** A file's text and the digest of its bytes, or what is wrong with it. */
async function readText(
  path: string,
  limit: number,
  what: string,
): Promise<{ text: string; sha256: string } | { problem: Problem; sha256: string }> {
  const refuse = (message: string, sha256 = ''): { problem: Problem; sha256: string } => ({
    problem: fileProblem(path, message),
    sha256,
  });
  let bytes: Buffer;
  try {
    const { size, ...stats } = await fileKind(path);
    if (stats.isDirectory) return refuse(`is a directory: name ${what} file in it`);
    // A pipe or a device may have no end.
    if (!stats.isFile) return refuse('is no regular file');
    if (size > limit) {
      return refuse(`has ${size} bytes, more than ${what} can have (${limit}): is this the right file?`);
    }
    bytes = await readFile(path);
  } catch (error) {
    return refuse(describeFileError(error));
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), sha256 };
  } catch {
    return refuse('is not UTF-8 text: save it as UTF-8', sha256);
  }
}

/** Reads the manifests that a sound scenario names: they are part of what it says, and looked at with it. */
async function withManifests(loaded: LoadedScenario, file: string): Promise<LoadedScenario> {
  const { scenario, locate } = loaded;
  if (scenario === null) return loaded;
  const problems = [...loaded.problems];
  /** A manifest by its path as written; null where there is none, which is among the problems then. */
  const read = async (
    written: string,
    at: DocumentPath,
    network: ManifestContext['network'],
  ): Promise<Manifest | null> => {
    const path = isAbsolute(written) ? written : join(dirname(file), written);
    const content = await readText(path, MAX_MANIFEST_SIZE, 'a manifest');
    if ('problem' in content) {
      const message = `${printable(written)} ${content.problem.message}`;
      problems.push(makeProblem({ rule: 'manifest', path: at, position: locate(at), message }));
      return null;
    }
    const { objects, services, problems: found } = readManifest(content.text, { file: path, network });
    problems.push(...found);
    if (network === null && found.length === 0)
      problems.push(...cniManifestProblems(objects, path, scenario));
    return { path: written, sha256: content.sha256, objects, services };
  };
  const manifests: Manifest[] = [];
  for (const [index, workload] of scenario.workloads.entries()) {
    if (workload === 'nginxdualstack') continue;
    const found = await read(workload.manifest, ['workloads', index, 'manifest'], scenario.network);
    if (found !== null) manifests.push(found);
  }
  const { manifest } = scenario.cni;
  const cniManifest = manifest === null ? null : await read(manifest, ['cni', 'manifest'], null);
  if (!hasErrors(problems)) problems.push(...manifestProblems(scenario, manifests, locate, cniManifest));
  problems.sort(compareProblems);
  return { ...loaded, scenario: hasErrors(problems) ? null : scenario, problems, manifests, cniManifest };
}

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

async function fileKind(path: string): Promise<{ isDirectory: boolean; isFile: boolean; size: number }> {
  const stats = await stat(path);
  return { isDirectory: stats.isDirectory(), isFile: stats.isFile(), size: stats.size };
}

/** Folders that hold no scenarios: hidden ones, installed packages, and the manifests that scenarios beside them name. */
function isSkippedFolder(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules' || name === 'manifests';
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
 * below it, but for what is in folders called `manifests`. Sorted by path within each directory, in the order of the arguments; a file that is named in two ways comes once, as it
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
