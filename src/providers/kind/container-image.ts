import { imageObjects } from './kind-objects.ts';
import { CACHE_LABEL } from '../../images/cache-label.ts';
import type { ContainerClient } from './container-client.ts';
import { CommandError } from '../../process/command-runner.ts';
import { FailureError } from '../../run/failure.ts';
import type { ForeignImageName } from '../../scenario/foreign-image-name.ts';
import type { CachedResource, CallOptions, CreateOptions, FoundForeignImage } from '../provider.ts';

/** A node image of ours for kind, as a file. */
export interface ImageArchiveFile {
  readonly key: string;
  /** Absolute path of what `docker save` would have written. */
  readonly archiveFile: string;
  /** The name that it has in the archive. */
  readonly reference: string;
}

/** Whether the engine has an image of that name; kind pulls what is not there, so it is asked before. */
export async function hasImage(
  client: ContainerClient,
  reference: string,
  options: CallOptions,
): Promise<boolean> {
  return (await client.inspect('image', [reference], options)).length > 0;
}

/** Loads a node image unless the engine has it. @returns its name. */
export async function ensureContainerImage(
  client: ContainerClient,
  { key, archiveFile, reference }: ImageArchiveFile,
  { onProgress, ...call }: CreateOptions,
): Promise<string> {
  const found = imageObjects.parse(await client.inspect('image', [reference], call));
  if (found.some(({ Config }) => Config?.Labels?.[CACHE_LABEL] === key)) return reference;
  onProgress?.(`loading the node image into ${client.program}`);
  await client.run(['image', 'load', '--quiet', '--input', archiveFile], call);
  return reference;
}

/**
 * An image that a registry has, pulled unless the engine has it.
 * @throws {FailureError} of class `infrastructure` when it can't be had.
 */
export async function ensurePublishedImage(
  client: ContainerClient,
  { remote, alias }: ForeignImageName,
  { onProgress, ...call }: CreateOptions,
): Promise<FoundForeignImage & { readonly reference: string }> {
  const reference = `${remote}/${alias}`;
  const find = async (): Promise<(FoundForeignImage & { readonly reference: string }) | null> => {
    const [image] = imageObjects.parse(await client.inspect('image', [reference], call));
    if (image === undefined) return null;
    return { remote, alias, reference, fingerprint: image.Id.replace(/^sha256:/, ''), server: remote };
  };
  const there = await find();
  if (there !== null) return there;
  onProgress?.(`pulling ${reference}`);
  try {
    await client.run(['image', 'pull', '--quiet', reference], call);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw cannotPull(reference, error.lastLines(1).join(''));
  }
  const pulled = await find();
  if (pulled === null) throw cannotPull(reference, `${client.program} pulled it and does not have it`);
  return pulled;
}

function cannotPull(reference: string, why: string): FailureError {
  return new FailureError({
    class: 'infrastructure',
    step: 'image/import',
    message: `${reference} can not be pulled: ${why}`,
    hint: 'Have our own node image built: `image build --for kind`.',
  });
}

/** Our images, found by their label. */
export async function listCachedImages(
  client: ContainerClient,
  options: CallOptions,
): Promise<CachedResource[]> {
  const images = imageObjects.parse(await client.labelled('image', CACHE_LABEL, options));
  return images.map(({ Id, RepoTags, Size }) => ({
    kind: 'engine-image',
    name: RepoTags?.[0] ?? Id,
    sizeBytes: Size,
  }));
}
