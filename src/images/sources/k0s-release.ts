import { chmod, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readImageArchive } from '../archive/read-image-archive.ts';
import { contentKey } from '../build/content-key.ts';
import { ensureCacheEntry } from '../cache/cache-entry.ts';
import { DownloadError } from '../download/download-error.ts';
import { fetchChecked, type CheckedFile } from '../download/fetch-checked.ts';
import { measureFile } from '../download/meter.ts';
import { readUpstream, type Upstream } from '../download/upstream.ts';
import { imageFailure } from '../image-failure.ts';
import { programProblem } from './program-file.ts';
import type { Architecture } from '../architecture.ts';
import type { ImageArchive, InputFile } from '../archive/image-archive.ts';
import type { BuildContext } from '../build/build-context.ts';
import type { DownloadTuning } from '../download/downloader.ts';
import type { Environment } from '../download/http-client.ts';

const SITE = 'k0s';
const PROGRAM = 'k0s';
const BUNDLE = 'k0s-airgap-bundle.tar';

/** A release of k0s, such as 1.36.3+k0s.2, without the `v`. */
export interface K0sReleaseSpec {
  readonly version: string;
  readonly architecture: Architecture;
}

/** Where to fetch from, and how patiently. */
export interface K0sReleaseOptions {
  readonly environment: Environment;
  readonly tuning?: Partial<DownloadTuning>;
}

/** A file of a release, as k0s lays its releases out. The plus sign of a version is written as it is: its pages do so too. */
function releaseFile(file: string, { version }: K0sReleaseSpec, { releases, sums }: Upstream): CheckedFile {
  const base = `${(releases[SITE] ?? '').replace(/\/+$/, '')}/v${version}`;
  return {
    name: file,
    url: `${base}/${file}`,
    pinned: sums[`${SITE}/v${version}/${file}`] ?? null,
    checksum: { url: `${base}/sha256sums.txt`, form: 'list' },
  };
}

/**
 * Puts a file of a release into the cache, where nothing comes whose SHA-256 is not the one that the release gives.
 * @returns its path.
 * @throws {FailureError} of class `infrastructure` when it can't be had; the signal's reason when aborted.
 */
async function ensureFile(
  { name, asName, title }: { readonly name: string; readonly asName: string; readonly title: string },
  spec: K0sReleaseSpec,
  { environment, tuning }: K0sReleaseOptions,
  context: BuildContext,
): Promise<string> {
  const file = releaseFile(name, spec, await readUpstream(environment));
  // Another site may give other bytes, and so does another sum.
  const key = contentKey({ url: file.url, pinned: file.pinned });
  const directory = join(context.cacheDir, 'components', `${SITE}-${key}`);
  await ensureCacheEntry({ directory, title }, context, async (temporary) => {
    context.report(`asking ${new URL(file.url).host} for its checksum`);
    const { Downloader } = await import('../download/downloader.ts');
    const downloader = await Downloader.create(environment, tuning);
    try {
      const fetched = await fetchChecked(file, temporary, downloader, context);
      await rename(join(temporary, name), join(temporary, asName));
      await writeFile(join(temporary, 'downloads.json'), `${JSON.stringify([fetched], null, 2)}\n`);
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof DownloadError) {
        const hint = `${error.hint} Or name a program of your own: binary.`;
        throw imageFailure(`could not fetch ${title}`, error, hint);
      }
      throw error;
    } finally {
      await downloader.close();
    }
    if (asName !== PROGRAM) return;
    const { architecture } = spec;
    const problem = await programProblem(join(temporary, asName), { architecture, static: false });
    if (problem !== null) throw new Error(`${file.url} ${problem}`);
    await chmod(join(temporary, asName), 0o755);
  });
  return join(directory, asName);
}

/** The program of a release, from the cache or its site. */
export async function ensureK0sProgram(
  spec: K0sReleaseSpec,
  options: K0sReleaseOptions,
  context: BuildContext,
): Promise<InputFile> {
  const name = `k0s-v${spec.version}-${spec.architecture}`;
  const title = `k0s ${spec.version}`;
  const file = await ensureFile({ name, asName: PROGRAM, title }, spec, options, context);
  return { file, ...(await measureFile(file, context.signal, () => undefined)) };
}

/** The bundle of container images of a release, from the cache or its site. */
export async function ensureK0sBundle(
  spec: K0sReleaseSpec,
  options: K0sReleaseOptions,
  context: BuildContext,
): Promise<ImageArchive> {
  const name = `k0s-airgap-bundle-v${spec.version}-${spec.architecture}`;
  const title = `the container images of k0s ${spec.version}`;
  const file = await ensureFile({ name, asName: BUNDLE, title }, spec, options, context);
  return await readImageArchive(file, context.signal);
}
