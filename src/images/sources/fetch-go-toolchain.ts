import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import { ensureCacheEntry } from '../cache/cache-entry.ts';
import { measureFile } from '../download/meter.ts';
import { imageFailure } from '../image-failure.ts';
import { runTool } from '../build/run-tool.ts';
import type { BuildContext } from '../build/build-context.ts';

/** A Go toolchain as the Go module proxies serve it. */
export interface GoToolchainArchive {
  /** Where it goes in the cache. */
  readonly directory: string;
  readonly url: string;
  /** SHA-256 (hex) of the zip archive. */
  readonly sha256: string;
  readonly title: string;
}

/**
 * Fetches a Go toolchain as the module `golang.org/toolchain`, which every Go module proxy serves, checks it against the committed
 * sum and unpacks it into the cache.
 */
export async function fetchGoToolchain(archive: GoToolchainArchive, context: BuildContext): Promise<void> {
  const entry = { directory: archive.directory, title: archive.title };
  await ensureCacheEntry(entry, context, async (temporary) => {
    const zip = join(temporary, '.toolchain.zip');
    // wget, which debootstrap needs as well: it knows the host's proxies and certificates, and Node's fetch neither.
    const args = ['--no-verbose', '--tries=3', `--output-document=${zip}`, archive.url];
    const hint = 'Install Go, or let GOPROXY name a module proxy that this host reaches.';
    context.report(`fetching ${archive.title}`);
    await runTool(context, 'wget', args, { purpose: `fetching ${archive.url}`, hint });
    const { sha256: actual } = await measureFile(zip, context.signal);
    if (actual !== archive.sha256) {
      const message = `${archive.url} has the SHA-256 ${actual}, expected ${archive.sha256}`;
      throw imageFailure(
        `${archive.title} is not the one we know`,
        message,
        'Ask another module proxy, with GOPROXY.',
      );
    }
    context.report(`unpacking ${archive.title}`);
    await unpackToolchain(zip, temporary, context.signal);
    await rm(zip);
  });
}

/**
 * Unpacks a module archive without its `module@version/` prefix. Such archives carry no modes; Go itself makes these executable:
 * `bin/` and `pkg/tool/`.
 */
async function unpackToolchain(zip: string, directory: string, signal: AbortSignal): Promise<void> {
  const archive = await openPromise(zip, { autoClose: false });
  try {
    for await (const entry of archive.eachEntry()) {
      signal.throwIfAborted();
      const path = /^golang\.org\/toolchain@[^/]+\/(.+)$/.exec(entry.fileName)?.[1];
      if (path === undefined || normalize(path) !== path || path.startsWith('..')) {
        throw new Error(`the archive has an unexpected entry: ${entry.fileName}`);
      }
      if (path.endsWith('/')) continue;
      const file = join(directory, path);
      await mkdir(dirname(file), { recursive: true });
      await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(file));
      if (/^(bin|pkg\/tool)\//.test(path)) await chmod(file, 0o755);
    }
  } finally {
    archive.close();
  }
}
