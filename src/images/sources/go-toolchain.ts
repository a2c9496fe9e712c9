import { join } from 'node:path';
import { fetchGoToolchain } from './fetch-go-toolchain.ts';
import { CommandError } from '../../process/command-runner.ts';
import { remainingMs, type BuildContext } from '../build/build-context.ts';
import type { ToolchainPin } from '../cache/node-image-data.ts';
import type { NodeImageSpec } from '../node-image.ts';

/** Go since which it fetches the toolchain that a go.mod asks for. */
const SWITCHING_SINCE = [1, 21, 0] as const;

/** What the look for a Go toolchain goes by. */
export interface GoOptions {
  /** The toolchain that is fetched when this host has none; every go.mod of ours is content with it. */
  readonly pin: ToolchainPin;
  /** The architecture of this host. */
  readonly architecture: NodeImageSpec['architecture'];
  /** The module proxy to fetch the toolchain from, unless the user's GOPROXY names one. */
  readonly proxy: string;
  /** The user's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where Go comes from on this host, for a build and for `doctor`. */
export type GoToolchainStatus =
  | { readonly kind: 'installed'; readonly version: string }
  | {
      readonly kind: 'fetched-when-needed';
      readonly version: string;
      readonly url: string;
      readonly reason: string;
    }
  | { readonly kind: 'unsupported'; readonly reason: string; readonly hint: string };

/** A Go that can build. */
export interface GoCommand {
  /** Name or absolute path of the program. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The folder of everything that Go builds keep between components: modules, compiled packages, a fetched toolchain. */
export function goCacheDirectory({ cacheDir }: Pick<BuildContext, 'cacheDir'>): string {
  return join(cacheDir, 'go');
}

/**
 * Looks for Go, and fetches nothing: the one in PATH when it builds with the pinned version or can switch to it, otherwise one that a
 * build will fetch.
 */
export async function findGo(
  options: GoOptions,
  context: Pick<BuildContext, 'runner' | 'signal' | 'deadline'>,
): Promise<GoToolchainStatus> {
  const installed = await installedGo(context);
  if (installed !== null) {
    const usable =
      isAtLeast(installed, SWITCHING_SINCE) && (await canReach(options.pin.version, installed, context));
    if (usable) return { kind: 'installed', version: installed };
  }
  const proxy = moduleProxy(options);
  const { version } = options.pin;
  if (proxy === null) {
    const lacks = installed === null ? 'Go is not installed' : `Go ${installed} is too old`;
    const hint = `Install Go ${version} or later, or let GOPROXY name a module proxy, from which we fetch it.`;
    return { kind: 'unsupported', reason: `${lacks}, and GOPROXY names no module proxy`, hint };
  }
  const reason = installed === null ? 'Go is not in PATH' : `Go ${installed} in PATH is too old`;
  const url = `${proxy}/golang.org/toolchain/@v/v0.0.1-go${version}.linux-${options.architecture}.zip`;
  return { kind: 'fetched-when-needed', version, url, reason };
}

/** Gives a Go that can build, and fetches it when this host has none. Called while holding the lock of Go's caches. */
export async function ensureGo(options: GoOptions, context: BuildContext): Promise<GoCommand> {
  const found = await findGo(options, context);
  if (found.kind === 'unsupported') throw new Error(found.reason);
  if (found.kind === 'installed') {
    const newEnough = isAtLeast(found.version, parseVersion(options.pin.version));
    return { file: 'go', env: newEnough ? { GOTOOLCHAIN: 'local' } : {} };
  }
  const directory = join(
    goCacheDirectory(context),
    'toolchain',
    `go${found.version}-${options.architecture}`,
  );
  const sha256 = options.pin.sha256[options.architecture];
  await fetchGoToolchain({ directory, url: found.url, sha256, title: `Go ${found.version}` }, context);
  return { file: join(directory, 'bin', 'go'), env: { GOTOOLCHAIN: 'local', GOROOT: directory } };
}

async function installedGo(
  context: Pick<BuildContext, 'runner' | 'signal' | 'deadline'>,
): Promise<string | null> {
  try {
    const { stdout } = await context.runner.run('go', ['env', 'GOVERSION'], {
      // Which Go is here, not which one the go.mod of some folder asks for.
      env: { GOTOOLCHAIN: 'local' },
      cwd: '/',
      timeoutMs: Math.min(30_000, remainingMs(context)),
      signal: context.signal,
    });
    return /^go(\d+\.\d+(?:\.\d+)?)/.exec(stdout.trim())?.[1] ?? null;
  } catch (error) {
    if (error instanceof CommandError) return null;
    throw error;
  }
}

/** Whether the installed Go is new enough, or is set to fetch a newer one by itself. */
async function canReach(
  wanted: string,
  installed: string,
  context: Pick<BuildContext, 'runner' | 'signal' | 'deadline'>,
): Promise<boolean> {
  if (isAtLeast(installed, parseVersion(wanted))) return true;
  const { stdout } = await context.runner.run('go', ['env', 'GOTOOLCHAIN'], {
    cwd: '/',
    timeoutMs: Math.min(30_000, remainingMs(context)),
    signal: context.signal,
  });
  return /^(auto|.*\+auto)$/.test(stdout.trim());
}

/** The first HTTP proxy of GOPROXY; ours when GOPROXY is not set; none when it names no proxy (`off`, `direct`, a folder). */
function moduleProxy({ environment, proxy }: GoOptions): string | null {
  const setting = environment['GOPROXY']?.trim();
  const entries = setting === undefined || setting === '' ? [proxy] : setting.split(/[,|]/);
  const first = entries[0]?.trim() ?? '';
  return /^https?:\/\//.test(first) ? first.replace(/\/+$/, '') : null;
}

function parseVersion(version: string): readonly [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return [major, minor, patch];
}

function isAtLeast(version: string, wanted: readonly [number, number, number]): boolean {
  const actual = parseVersion(version);
  for (const index of [0, 1, 2] as const) {
    if (actual[index] !== wanted[index]) return actual[index] > wanted[index];
  }
  return true;
}
