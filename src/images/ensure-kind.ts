import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { requireHostArchitecture } from './image-for-host.ts';
import { imagePreflightFailure } from './image-failure.ts';
import { withDeadline } from './build/build-deadline.ts';
import { BuildProgress } from './build/build-progress.ts';
import { removeTree, unlessCacheLocked } from './cache/cache-entry.ts';
import { kindComponent, loadKindImageData } from './cache/kind-image-data.ts';
import { loadOwnNodeImageData, templatesDirectory } from './cache/node-image-data.ts';
import { componentPrograms, ensureComponents } from './sources/ensure-components.ts';
import { GoModuleSource } from './sources/go-module-source.ts';
import { goOptionsOf } from './sources/go-options.ts';
import { goCacheDirectory } from './sources/go-toolchain.ts';
import { CommandError } from '../process/command-runner.ts';
import type { NodeImageDependencies } from './ensure-node-image.ts';
import type { Component, ComponentSource } from './sources/component-source.ts';

/** The program kind, and where it is from: PATH, or its Go module, built into our cache. */
export interface KindProgram {
  /** Absolute path, or the name by which PATH has it. */
  readonly file: string;
  /** Without the `v`, such as `0.33.0`. */
  readonly version: string;
  readonly origin: 'path' | 'go';
}

/** What the look for kind and a build of it need. */
export type KindDependencies = Omit<NodeImageDependencies, 'rootPlace'> & {
  /** The user's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Builds kind; a test gives its own. */
  readonly source?: ComponentSource;
};

const TITLE = 'kind';
const VERSION_TIMEOUT_MS = 10_000;

/** The first kind that tells kubeadm of Kubernetes 1.36 and later what it is told in v1beta4, and in v1beta3 that of others. */
export const OLDEST_KIND = '0.32.0';

/**
 * Gives kind: the one of PATH where it is new enough, else ours from the cache, else ours built from its Go module.
 * @throws {FailureError} of class `preflight` where it can't be built here, `infrastructure` where the build fails; the signal's reason
 *   when aborted.
 */
export async function ensureKind(deps: KindDependencies): Promise<KindProgram> {
  const installed = await installedKind(deps);
  if (installed !== null) return { file: 'kind', version: installed, origin: 'path' };
  return await ensureOwnKind(deps);
}

/** The version of the kind that would be used; nothing is built for the answer. */
export async function kindVersion(deps: KindDependencies): Promise<string> {
  return (await installedKind(deps)) ?? (await ownComponent()).version;
}

async function ownComponent(): Promise<Component> {
  return kindComponent(await loadKindImageData(), 'kind', requireHostArchitecture());
}

/** The version of kind in PATH; null when there is none that is new enough. */
export async function installedKind({
  runner,
  signal,
}: Pick<KindDependencies, 'runner' | 'signal'>): Promise<string | null> {
  try {
    const { stdout } = await runner.run('kind', ['version'], { timeoutMs: VERSION_TIMEOUT_MS, signal });
    // A pre-release such as v0.34.0-alpha+1234 may be anything.
    const version = /^kind v(\d+\.\d+\.\d+) /.exec(stdout)?.[1];
    return version !== undefined && isAtLeast(version, OLDEST_KIND) ? version : null;
  } catch (error) {
    if (error instanceof CommandError) return null;
    throw error;
  }
}

async function ensureOwnKind(deps: KindDependencies): Promise<KindProgram> {
  const { cacheDir, runner, signal, timeoutMs } = deps;
  const component = await ownComponent();
  const source = deps.source ?? (await shippedSource(deps));
  const progress = new BuildProgress(1, (event) => deps.onProgress(event));
  return await withDeadline(TITLE, timeoutMs, { cacheDir, runner, signal }, progress, async (context) => {
    await mkdir(cacheDir, { recursive: true, mode: 0o755 });
    const sourceOf = (): ComponentSource => source;
    const [found] = await componentPrograms([component], sourceOf, context);
    if (found === undefined) throw new Error('the component kind has no program');
    const kind = { file: found.source, version: component.version, origin: 'go' } as const;
    if (await isFile(kind.file)) return kind;
    const available = await source.available(context);
    if (!available.available)
      throw imagePreflightFailure(
        `kind is not in PATH, or too old, and can't be built: ${available.reason}`,
        `Install kind ${component.version}. ${available.hint}`,
      );
    await ensureComponents([component], sourceOf, context, progress);
    const goCache = goCacheDirectory(context);
    await unlessCacheLocked(goCache, context, () => removeTree(goCache));
    return kind;
  });
}

async function shippedSource({ environment }: KindDependencies): Promise<ComponentSource> {
  const templates = templatesDirectory();
  const data = await loadOwnNodeImageData(templates, environment);
  return new GoModuleSource(join(templates, 'kind', 'go'), goOptionsOf(data, environment));
}

async function isFile(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function isAtLeast(version: string, wanted: string): boolean {
  const [actual, least] = [version, wanted].map((text) => text.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (actual?.[index] ?? 0) - (least?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
