import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensureCacheEntry } from '../cache/cache-entry.ts';
import { remainingMs, type BuildContext } from '../build/build-context.ts';
import { createMeter, measureFile } from '../download/meter.ts';
import { programProblem } from './program-file.ts';
import { CommandError } from '../../process/command-runner.ts';
import { FailureError } from '../../run/failure.ts';
import type { Component } from './component-source.ts';
import type { NodeProgram } from '../build/root-filesystem.ts';
import type { NodeImageSpec, OwnBinary, OwnProgram } from '../node-image.ts';

/** How long a program may take to say its version, in milliseconds. */
const VERSION_TIMEOUT_MS = 10_000;

/** Beside each program in the cache: what it says of its version. */
const VERSION_FILE = 'version.json';

/** How programs are asked for their version where it is not `--version`; null: not at all. */
const VERSION_ARGUMENTS: Readonly<Record<string, readonly string[] | null>> = {
  kubeadm: ['version', '-o', 'short'],
  kubectl: ['version', '--client'],
  etcdctl: ['version'],
  coredns: ['-version'],
  'containerd-shim-runc-v2': ['-v'],
  bandwidth: null,
  bridge: null,
  'host-local': null,
  loopback: null,
  portmap: null,
  ptp: null,
};

/** A program of the user's own in the cache, which a build takes it from. */
export interface KeptBinary extends OwnProgram {
  /** Absolute path of our copy. */
  readonly file: string;
}

/**
 * Hashes the user's own programs, for the image's key.
 * @param files absolute path by program.
 * @throws {FailureError} of class `usage` for a file that can't be read; the signal's reason when aborted.
 */
export async function hashOwnBinaries(
  files: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<OwnBinary[]> {
  const names = Object.keys(files).sort();
  return await Promise.all(
    names.map(async (program) => {
      const file = files[program] ?? '';
      try {
        const { sha256 } = await measureFile(file, signal);
        return { program, file, sha256 };
      } catch (error) {
        signal.throwIfAborted();
        const message = `binaries.${program}: ${file} can't be read: ${error instanceof Error ? error.message : String(error)}`;
        throw new FailureError({ class: 'usage', step: 'image', message, hint: null });
      }
    }),
  );
}

/**
 * Copies the user's own programs into the cache, where a build finds them wherever it is done, and asks each for its version.
 * @throws {FailureError} of class `usage` for a file that is no program for such a node, and of class `infrastructure` for one that is
 *   not what it was when the image's key was made.
 */
export async function keepOwnBinaries(
  binaries: readonly OwnBinary[],
  wanted: {
    readonly architecture: NodeImageSpec['architecture'];
    readonly staticPrograms: ReadonlySet<string>;
  },
  context: BuildContext,
): Promise<void> {
  for (const { program, file, sha256 } of binaries) {
    const required = { architecture: wanted.architecture, static: wanted.staticPrograms.has(program) };
    const entry = { directory: directoryOf(program, sha256, context), title: `your own ${program}` };
    await ensureCacheEntry(entry, context, async (temporary) => {
      const copy = join(temporary, program);
      const meter = createMeter();
      await pipeline(createReadStream(file), meter.stream, createWriteStream(copy), {
        signal: context.signal,
      });
      if (meter.read().sha256 !== sha256)
        throw binaryFailure('infrastructure', `${file} changed while the image was built`);
      const problem = await programProblem(copy, required);
      if (problem !== null) throw binaryFailure('usage', `binaries.${program}: ${file} ${problem}`);
      await chmod(copy, 0o755);
      const version = await versionOf(program, copy, context);
      await writeFile(join(temporary, VERSION_FILE), JSON.stringify(version));
    });
  }
}

/** The user's own programs, as {@link keepOwnBinaries} put them into the cache. */
export async function readOwnBinaries(
  binaries: readonly OwnBinary[],
  context: Pick<BuildContext, 'cacheDir'>,
): Promise<KeptBinary[]> {
  return await Promise.all(
    binaries.map(async ({ program, sha256 }) => {
      const directory = directoryOf(program, sha256, context);
      const version = JSON.parse(await readFile(join(directory, VERSION_FILE), 'utf8')) as string | null;
      return { program, sha256, version, file: join(directory, program) };
    }),
  );
}

/** The programs of the sources, with the user's own in their places. */
export function withOwnPrograms(programs: readonly NodeProgram[], own: readonly KeptBinary[]): NodeProgram[] {
  const files = new Map(own.map(({ program, file }) => [program, file]));
  return programs.map((program) => ({ ...program, source: files.get(program.name) ?? program.source }));
}

/** The components of which at least one program is not the user's own: of the others nothing has to be built. */
export function withoutReplaced(components: readonly Component[], own: readonly OwnBinary[]): Component[] {
  const replaced = new Set(own.map(({ program }) => program));
  return components.filter(({ definition }) =>
    Object.keys(definition.programs).some((name) => !replaced.has(name)),
  );
}

function directoryOf(program: string, sha256: string, { cacheDir }: Pick<BuildContext, 'cacheDir'>): string {
  return join(cacheDir, 'own-programs', `${program}-${sha256}`);
}

async function versionOf(program: string, file: string, context: BuildContext): Promise<string | null> {
  const known = VERSION_ARGUMENTS[program];
  const args = known === undefined ? ['--version'] : known;
  if (args === null) return null;
  try {
    const { stdout } = await context.runner.run(file, args, {
      timeoutMs: Math.min(VERSION_TIMEOUT_MS, remainingMs(context)),
      signal: context.signal,
    });
    return stdout.split('\n')[0]?.trim() || null;
  } catch (error) {
    if (error instanceof CommandError) return null;
    throw error;
  }
}

function binaryFailure(kind: 'usage' | 'infrastructure', message: string): FailureError {
  const hint = kind === 'usage' ? null : 'Run it again when nothing writes to the file.';
  return new FailureError({ class: kind, step: 'image', message, hint });
}
