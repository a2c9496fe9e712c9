import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../cache/cache-entry.ts';
import { DownloadError } from '../download/download-error.ts';
import { expectedSum, fetchChecked, type FetchedFile } from '../download/fetch-checked.ts';
import { extractMembers } from '../build/extract-members.ts';
import { imageFailure } from '../image-failure.ts';
import { programProblem } from './program-file.ts';
import { releaseFiles, type ReleaseFile } from './release-files.ts';
import { FailureError } from '../../run/failure.ts';
import type { BuildContext } from '../build/build-context.ts';
import type { Availability, Component, ComponentSource } from './component-source.ts';
import type { KeyInput } from '../build/content-key.ts';
import type { Downloader, DownloadTuning } from '../download/downloader.ts';
import type { Environment } from '../download/http-client.ts';
import type { Upstream } from '../download/upstream.ts';

/** Raised when the way that official binaries are taken changes what comes out. */
const RELEASE_RECIPE = 1;

/** How long all sites together may take to answer before they count as out of reach, in milliseconds. */
const PROBE_TIMEOUT_MS = 3000;

/** What a source of official binaries goes by. */
export interface ReleaseSourceOptions {
  readonly upstream: Upstream;
  /** Programs that go into container images made from scratch. */
  readonly staticPrograms: ReadonlySet<string>;
  /** The user's environment: proxies and certificates. */
  readonly environment: Environment;
  readonly tuning?: Partial<DownloadTuning>;
}

/** Takes the official binaries of the projects; nothing is kept whose SHA-256 is not the one that the project or our data gives. */
export class ReleaseSource implements ComponentSource {
  readonly name = 'release';
  readonly activity = 'Fetching';
  readonly #options: ReleaseSourceOptions;

  constructor(options: ReleaseSourceOptions) {
    this.#options = options;
  }

  /** Always: whether the sites can be reached is told by the download, which tries more than once. */
  async available(): Promise<Availability> {
    return await Promise.resolve({ available: true });
  }

  /** Asks every site for a checksum of the release, all at once and only for a moment: whoever is offline must not wait. */
  async reachable(components: readonly Component[], context: BuildContext): Promise<Availability> {
    const late = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const signal = AbortSignal.any([context.signal, late]);
    const downloader = await this.#downloader({ attempts: 1 });
    try {
      const probes = components.map(async (component) => {
        const [file] = releaseFiles(component, this.#options.upstream);
        if (file === undefined) return;
        const call = { signal, report: () => undefined };
        if (file.pinned === null) await expectedSum(file, downloader, call);
        else await downloader.look(file.url, call);
      });
      await Promise.all(probes);
      return { available: true };
    } catch (error) {
      context.signal.throwIfAborted();
      const reason = late.aborted
        ? `the sites of the releases did not answer within ${PROBE_TIMEOUT_MS / 1000} s`
        : error instanceof Error
          ? error.message
          : String(error);
      return { available: false, reason, hint: 'Set HTTPS_PROXY, or name mirrors in TWINSTACK_UPSTREAM.' };
    } finally {
      await downloader.close();
    }
  }

  async inputs(component: Component): Promise<KeyInput> {
    const { programs, release } = component.definition;
    const files = releaseFiles(component, this.#options.upstream);
    const pinned = files.flatMap(({ name, pinned }) => (pinned === null ? [] : [[name, pinned] as const]));
    return await Promise.resolve({
      recipe: RELEASE_RECIPE,
      programs: Object.keys(programs),
      file: release?.file ?? null,
      member: release?.member ?? null,
      pinned: Object.fromEntries(pinned),
    });
  }

  async build(component: Component, outDirectory: string, context: BuildContext): Promise<void> {
    const title = `${component.name} ${component.version}`;
    const temporary = join(outDirectory, '.download');
    const downloader = await this.#downloader();
    const fetched: FetchedFile[] = [];
    try {
      await mkdir(temporary);
      for (const file of releaseFiles(component, this.#options.upstream)) {
        fetched.push(await fetchChecked(file, temporary, downloader, context));
        await this.#takePrograms(file, component, join(temporary, file.name), outDirectory, context);
      }
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof DownloadError) {
        const hint = `${error.hint} Or build without official binaries: --source go.`;
        throw imageFailure(`could not fetch ${title}`, error, hint);
      }
      throw error;
    } finally {
      await downloader.close();
    }
    await removeTree(temporary);
    await writeFile(join(outDirectory, 'downloads.json'), `${JSON.stringify(fetched, null, 2)}\n`);
  }

  async #downloader(tuning: Partial<DownloadTuning> = {}): Promise<Downloader> {
    // With it comes an HTTP client, which is not needed where everything is in the cache.
    const { Downloader } = await import('../download/downloader.ts');
    return await Downloader.create(this.#options.environment, { ...this.#options.tuning, ...tuning });
  }

  async #takePrograms(
    file: ReleaseFile,
    { architecture }: Component,
    downloaded: string,
    outDirectory: string,
    { signal }: BuildContext,
  ): Promise<void> {
    const members = new Map<string, string>();
    for (const [program, member] of file.programs) {
      if (member === null) await rename(downloaded, join(outDirectory, program));
      else members.set(member, join(outDirectory, program));
    }
    const missing = members.size === 0 ? [] : await extractMembers(downloaded, members, signal);
    const [first] = missing;
    if (first !== undefined) throw releaseFailure(`${file.url} has no ${missing.join(', ')} in it`);
    for (const program of file.programs.keys()) {
      const target = join(outDirectory, program);
      const problem = await programProblem(target, {
        architecture,
        static: this.#options.staticPrograms.has(program),
      });
      if (problem !== null) throw releaseFailure(`${program} of ${file.url} ${problem}`);
      await chmod(target, 0o755);
    }
  }
}

function releaseFailure(message: string): FailureError {
  const hint = 'This release is laid out in another way than we know: --source go builds without it.';
  return new FailureError({ class: 'infrastructure', step: 'image', message, hint });
}
