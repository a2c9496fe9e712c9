import { createWorkbench, print, type CommandContext } from './command-context.ts';
import { listNodeImages, removeNodeImage } from '../images/cache/cached-images.ts';
import { createRecipe } from '../images/build/create-recipe.ts';
import { describePrograms } from '../images/describe-image-source.ts';
import { ensureNodeImage } from '../images/ensure-node-image.ts';
import { imageForHost, imageFormatOf } from '../images/image-for-host.ts';
import { FailureError } from '../run/failure.ts';
import { exitCodeOf } from '../report/exit-status.ts';
import { tellFailure } from './tell-failure.ts';
import type { ImageOrigin, ImageProgress, ImageSource, NodeImage } from '../images/node-image.ts';
import type { Architecture } from '../images/architecture.ts';
import type { ProviderName } from '../scenario/scenario.ts';
import { DEFAULT_KUBERNETES_VERSION, SUPPORTED_KUBERNETES_VERSIONS } from '../scenario/supported-versions.ts';

const BUILD_TIMEOUT_MS = 60 * 60_000;
const DETAIL_INTERVAL_MS = 2000;

/** The options of `image build`. */
export interface ImageBuildOptions {
  readonly kubernetes?: string;
  readonly architecture?: Architecture;
  readonly source?: ImageSource | 'auto';
  /** What nodes are made with it; LXD and Incus take the same image. */
  readonly for?: ProviderName;
  readonly json?: boolean;
}

/** Builds the node image of a Kubernetes release unless it is in the cache. @returns 0, 2 for an unknown release, 3 or 4. */
export async function imageBuildCommand(
  options: ImageBuildOptions,
  context: CommandContext,
): Promise<number> {
  const kubernetesVersion = releaseOf(options, context);
  if (kubernetesVersion === null) return 2;
  const { architecture } = options;
  const { directories, runner, rootPlace } = createWorkbench(context);
  try {
    const image = await ensureNodeImage(
      {
        ...(architecture === undefined
          ? imageForHost(kubernetesVersion)
          : { kubernetesVersion, architecture }),
        source: options.source ?? 'auto',
        format: imageFormatOf(options.for),
      },
      {
        cacheDir: directories.cache,
        runner,
        rootPlace,
        signal: context.interrupted,
        timeoutMs: BUILD_TIMEOUT_MS,
        onProgress: sparingly(({ step, done, total, elapsedMs }) =>
          context.stderr.write(`[${(elapsedMs / 1000).toFixed(0)}s] ${done}/${total} ${step}\n`),
        ),
      },
    );
    print(context, options.json, image, [
      `${image.key}  Kubernetes ${image.kubernetesVersion}  ${formatText(image)}${Math.round(image.sizeBytes / 1e6)} MB`,
    ]);
    return 0;
  } catch (error) {
    context.interrupted.throwIfAborted();
    if (!(error instanceof FailureError)) throw error;
    tellFailure(context, error.failure);
    return exitCodeOf(error.failure.class);
  }
}

/** Prints a node image's key, whether it is there or not. @returns 0, or 2 for an unknown release. */
export async function imageKeyCommand(
  options: { readonly kubernetes?: string; readonly source: ImageSource; readonly for?: ProviderName },
  context: CommandContext,
): Promise<number> {
  const kubernetesVersion = releaseOf(options, context);
  if (kubernetesVersion === null) return 2;
  const recipe = await createRecipe(imageFormatOf(options.for));
  const key = await recipe.key({ ...imageForHost(kubernetesVersion), source: options.source });
  context.stdout.write(`${key}\n`);
  return 0;
}

/** The release that is asked for; null, and told, when there is no image of it. */
function releaseOf(
  { kubernetes }: { readonly kubernetes?: string },
  { stderr }: CommandContext,
): string | null {
  const version = kubernetes ?? DEFAULT_KUBERNETES_VERSION;
  if (SUPPORTED_KUBERNETES_VERSIONS.includes(version)) return version;
  stderr.write(
    `no node image for Kubernetes ${version}; there is: ${SUPPORTED_KUBERNETES_VERSIONS.join(', ')}\n`,
  );
  return null;
}

/** Lists the node images in the cache. @returns 0. */
export async function imageListCommand(
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<number> {
  const images = await listNodeImages(createWorkbench(context).directories.cache);
  const lines = images.map(
    (image) =>
      `${image.key}  Kubernetes ${image.kubernetesVersion}  ${formatText(image)}${Math.round(image.sizeBytes / 1e6)} MB  ` +
      `${originText(image.origin)}  ${describePrograms(image)}`,
  );
  print(context, options.json, images, lines.length === 0 ? ['no node images'] : lines);
  return 0;
}

/** Passes on each new step, and of what a step does meanwhile only something now and then: it may be a download of an hour. */
function sparingly(tell: (progress: ImageProgress) => void): (progress: ImageProgress) => void {
  let last = { name: '', elapsedMs: -Infinity };
  return (progress) => {
    const name = progress.step.replaceAll(/ \([^()]*\)/g, '');
    if (name === last.name && progress.elapsedMs - last.elapsedMs < DETAIL_INTERVAL_MS) return;
    last = { name, elapsedMs: progress.elapsedMs };
    tell(progress);
  };
}

/** What only some images are for. */
function formatText({ format }: NodeImage): string {
  return format === 'kind' ? 'for kind  ' : '';
}

/** Times to the minute, in UTC. */
function originText(origin: ImageOrigin): string {
  const minute = `${origin.at.slice(0, 16).replace('T', ' ')} UTC`;
  return origin.kind === 'built' ? `built ${minute}` : `imported ${minute} from ${origin.file}`;
}

/** Removes a node image from the cache, by the beginning of its key. @returns 0, or 2 when none or several are meant. */
export async function imageRemoveCommand(key: string, context: CommandContext): Promise<number> {
  const { cache } = createWorkbench(context).directories;
  const meant = (await listNodeImages(cache)).filter((image) => image.key.startsWith(key));
  const [image] = meant;
  if (image === undefined || meant.length > 1) {
    context.stderr.write(
      `${meant.length === 0 ? 'no node image begins' : 'several node images begin'} with "${key}"\n`,
    );
    return 2;
  }
  await removeNodeImage(image.key, cache);
  return 0;
}
