import { resolve } from 'node:path';
import { createWorkbench, print, type CommandContext } from './command-context.ts';
import { imageForHost, imageFormatOf, requireHostArchitecture } from '../images/image-for-host.ts';
import { findCachedNodeImage, listNodeImages } from '../images/cache/cached-images.ts';
import { exportNodeImage } from '../images/archive/export-node-image.ts';
import { exportUsageFailure } from '../images/archive/exported-image.ts';
import { importNodeImage } from '../images/archive/import-node-image.ts';
import { packageVersion } from '../package-root.ts';
import { FailureError } from '../run/failure.ts';
import { exitCodeOf } from '../report/exit-status.ts';
import { tellFailure } from './tell-failure.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../scenario/supported-versions.ts';
import type { BuildContext } from '../images/build/build-context.ts';
import type { ImageFormat, NodeImage } from '../images/node-image.ts';
import type { ProviderName } from '../scenario/scenario.ts';

/** Reading and writing some 400 MB, to a stick at worst, and waiting for another process that does. */
const TRANSPORT_TIMEOUT_MS = 30 * 60_000;

const VERSION = /^\d+\.\d+\.\d+$/;
const KEY = /^[0-9a-f]{4,64}$/;

/** `image export [IMAGE] FILE`: writes a node image of the cache as one file. @returns 0, 2, 3 or 4. */
export async function imageExportCommand(
  words: readonly string[],
  options: { readonly force?: boolean; readonly for?: ProviderName; readonly json?: boolean },
  context: CommandContext,
): Promise<number> {
  return await transport(context, async (build) => {
    const [selector, file] = words.length > 1 ? words : [undefined, words[0]];
    if (words.length > 2)
      throw exportUsageFailure('image export takes an image and a file', 'Put a name with spaces in quotes.');
    if (file === undefined || file === '' || file === '-')
      throw exportUsageFailure('image export writes a file', 'Name it: image export node-image.tar');
    if (selector === undefined && (VERSION.test(file) || /^[0-9a-f]{64}$/.test(file)))
      throw exportUsageFailure(`${file} names an image, and no file`, `Write image export ${file} FILE.`);
    const image = await selectImage(selector, imageFormatOf(options.for), build.cacheDir);
    const order = {
      image,
      file,
      force: options.force === true,
      version: await packageVersion(),
      now: new Date(),
    };
    const { sizeBytes, manifest } = await exportNodeImage(order, build);
    const line = `${file}  ${describe(image)}, ${megabytes(sizeBytes)}`;
    print(context, options.json, { file: resolve(file), sizeBytes, manifest }, [line]);
  });
}

/** `image import FILE`: puts an exported node image into the cache. @returns 0, also when it is there already; 2, 3 or 4. */
export async function imageImportCommand(
  file: string,
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<number> {
  return await transport(context, async (build) => {
    const { image, outcome } = await importNodeImage(file, requireHostArchitecture(), build);
    const line =
      outcome === 'imported'
        ? `imported ${describe(image)}`
        : `${describe(image)} is in the cache already; nothing was imported`;
    print(context, options.json, { outcome, image }, [line]);
  });
}

async function transport(
  context: CommandContext,
  work: (build: BuildContext) => Promise<void>,
): Promise<number> {
  const { directories, runner } = createWorkbench(context);
  try {
    await work({
      cacheDir: directories.cache,
      runner,
      signal: context.interrupted,
      deadline: performance.now() + TRANSPORT_TIMEOUT_MS,
      report: (detail) => context.stderr.write(`${detail}\n`),
    });
    return 0;
  } catch (error) {
    context.interrupted.throwIfAborted();
    if (!(error instanceof FailureError)) throw error;
    tellFailure(context, error.failure);
    return exitCodeOf(error.failure.class);
  }
}

/** By version or by the beginning of a key; the default release's where nothing is named. */
async function selectImage(
  selector: string | undefined,
  format: ImageFormat,
  cacheDir: string,
): Promise<NodeImage> {
  if (selector === undefined || VERSION.test(selector)) {
    const kubernetesVersion = selector ?? DEFAULT_KUBERNETES_VERSION;
    const image = await findCachedNodeImage({ ...imageForHost(kubernetesVersion), format }, cacheDir);
    if (image !== null) return image;
    const forKind = format === 'kind' ? ' --for kind' : '';
    const hint = `Build it with \`image build --kubernetes ${kubernetesVersion}${forKind}\`; \`image list\` shows what is there.`;
    throw exportUsageFailure(`no node image for Kubernetes ${kubernetesVersion} is in the cache`, hint);
  }
  const images = KEY.test(selector) ? await listNodeImages(cacheDir) : [];
  const meant = images.filter(({ key }) => key.startsWith(selector));
  const [image] = meant;
  if (image !== undefined && meant.length === 1) return image;
  const none = `no node image in the cache has a key that begins with "${selector}"`;
  const several = `${meant.length} node images have a key that begins with "${selector}"`;
  throw exportUsageFailure(
    meant.length === 0 ? none : several,
    'Name a Kubernetes version or at least 4 letters of a key; `image list` shows both.',
  );
}

function describe({ key, kubernetesVersion, architecture, format }: NodeImage): string {
  const forKind = format === 'kind' ? ', for kind' : '';
  return `${key.slice(0, 12)} (Kubernetes ${kubernetesVersion}, ${architecture}${forKind})`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
