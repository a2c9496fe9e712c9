import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readSnap } from './read-snap.ts';
import { hostArchitecture } from '../images/architecture.ts';
import { measureFile } from '../images/download/meter.ts';
import { hasAttachment, programProblem } from '../images/sources/program-file.ts';
import { imageForHost } from '../images/image-for-host.ts';
import { foreignImageOf, type ForeignImage } from '../images/foreign-image.ts';
import { findOwnImage, type OwnImage } from '../images/own-image.ts';
import { ImageArchiveError, readImageArchive } from '../images/archive/read-image-archive.ts';
import { FailureError } from '../run/failure.ts';
import { kubernetesVersionOf } from '../scenario/kubernetes-version.ts';
import { formatProblem, makeProblem, printable, type Problem } from '../scenario/problem.ts';
import type { PlannedProgram, PlannedSnap } from '../distributions/distribution.ts';
import type { ImageArchive } from '../images/archive/image-archive.ts';
import type { DocumentPath } from '../scenario/document-path.ts';
import type { ParsedScenario } from '../scenario/parse-scenario.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** What a scenario names beside itself, found and looked at. */
export interface ScenarioFiles {
  readonly archives: readonly ImageArchive[];
  /** The distribution's program; null where the scenario names none. */
  readonly binary: PlannedProgram | null;
  /** In the order in which nodes install them. */
  readonly snaps: readonly PlannedSnap[];
  /** Null where the scenario leaves the node image to us. */
  readonly image: OwnImage | ForeignImage | null;
}

/** A scenario, and where it was read. */
export interface ScenarioSource {
  readonly scenario: Scenario;
  readonly file: string;
  readonly locate: ParsedScenario['locate'];
}

/** Where a scenario's files are looked for beside its own folder. */
interface Surroundings {
  readonly cacheDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds and checks the node image and the image archives that a scenario names, before anything is touched. Paths are relative to the
 * scenario file, those of `--set` to the working directory. An image of the engine's is only named: `plan` and `lint` need no engine.
 * @throws {FailureError} of class `usage` with every problem and its place, or `preflight` for an image of another machine; the
 *   signal's reason when aborted.
 */
export async function readScenarioFiles(
  source: ScenarioSource,
  { cacheDir, environment }: Surroundings,
  signal: AbortSignal,
): Promise<ScenarioFiles> {
  const { scenario } = source;
  const problems: Problem[] = [];
  /** What is wrong on this host, and right on another. */
  const unfit: Problem[] = [];
  const archives: ImageArchive[] = [];
  for (const [index, name] of scenario.images.entries()) {
    const path = ['images', index];
    try {
      archives.push(await readImageArchive(resolve(baseOf(source, path), name), signal));
    } catch (error) {
      if (!(error instanceof ImageArchiveError)) throw error;
      problems.push(problemAt(source, path, `${printable(name)} ${error.message}`));
    }
  }
  const foreign = await foreignImageOf(scenario, environment);
  const image = foreign ?? (await ownImage(source, cacheDir, signal, problems));
  const binary = await ownBinary(source, signal, problems, unfit);
  const snaps = await ownSnaps(source, signal, problems);
  if (problems.length + unfit.length === 0) return { archives, image, binary, snaps };
  const message = [...problems, ...unfit].map(formatProblem).join('\n');
  const kind = problems.length > 0 ? 'usage' : 'preflight';
  throw new FailureError({ class: kind, step: 'lint', message, hint: null });
}

async function ownBinary(
  source: ScenarioSource,
  signal: AbortSignal,
  problems: Problem[],
  unfit: Problem[],
): Promise<PlannedProgram | null> {
  const { binary: name } = source.scenario;
  if (name === null) return null;
  const path = ['binary'];
  const file = resolve(baseOf(source, path), name);
  const architecture = hostArchitecture();
  try {
    const wrong = architecture === null ? null : await programProblem(file, { architecture, static: false });
    const reason = wrong ?? (await executableProblem(file, name));
    if (reason === null) {
      const measured = await measureFile(file, signal, () => undefined);
      return { file, ...measured, embedsComponents: await hasAttachment(file, measured.sizeBytes) };
    }
    unfit.push(problemAt(source, path, `${printable(name)} ${reason}`));
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    problems.push(problemAt(source, path, `${printable(name)} can't be read: ${why}`));
  }
  return null;
}

/** A file that its owner does not call a program may well be an archive of one, or half of a download. */
async function executableProblem(file: string, name: string): Promise<string | null> {
  const { mode } = await stat(file);
  return (mode & 0o111) === 0 ? `is not executable: chmod +x ${printable(name)}, if it is the program` : null;
}

async function ownSnaps(
  source: ScenarioSource,
  signal: AbortSignal,
  problems: Problem[],
): Promise<PlannedSnap[]> {
  const { install } = source.scenario;
  if (install.from !== 'snap-file') return [];
  const found: PlannedSnap[] = [];
  for (const [index, name] of install.snaps.entries()) {
    const path = ['install', 'snaps', index];
    const snap = await readSnap(resolve(baseOf(source, path), name), install.dangerous, signal);
    if (typeof snap === 'string') problems.push(problemAt(source, path, `${printable(name)} ${snap}`));
    else found.push(snap);
  }
  return found;
}

async function ownImage(
  source: ScenarioSource,
  cacheDir: string,
  signal: AbortSignal,
  problems: Problem[],
): Promise<OwnImage | null> {
  const { image: name, distribution } = source.scenario;
  if (name === null) return null;
  const path = ['image'];
  try {
    const spec = imageForHost(kubernetesVersionOf(distribution.version));
    return await findOwnImage(name, baseOf(source, path), spec, cacheDir, signal);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { failure } = error;
    const message = failure.hint === null ? failure.message : `${failure.message}. ${failure.hint}`;
    const problem = problemAt(source, path, message);
    if (failure.class !== 'usage')
      throw new FailureError({ ...failure, message: formatProblem(problem), hint: null });
    problems.push(problem);
    return null;
  }
}

function problemAt(source: ScenarioSource, path: DocumentPath, message: string): Problem {
  return makeProblem({ rule: 'file', path, position: source.locate(path), message });
}

function baseOf(source: ScenarioSource, path: DocumentPath): string {
  return source.locate(path).file === source.file ? dirname(source.file) : '.';
}
