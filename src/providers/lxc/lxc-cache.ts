import { clientIsSnap, clientPath } from './client-path.ts';
import type { LxcClient } from './lxc-client.ts';
import { lxcImages, lxcStoragePools } from './lxc-objects.ts';
import { CACHE_LABEL } from './lxc-requests.ts';
import { PROJECT } from './lxc-client.ts';
import type { NodeImage } from '../../images/node-image.ts';
import { CommandError } from '../../process/command-runner.ts';
import type { CachedResource, CallOptions } from '../provider.ts';

/** Our own pool: an engine that is there keeps its defaults and its pools. */
export const STORAGE_POOL = 'twinstack';

/** Largest size that the pool's sparse file may grow to. Nothing is reserved. */
const POOL_SIZE = '60GiB';

/** Bytes that an image's property says about itself: the key of what went in. */
const IMAGE_PROPERTY = CACHE_LABEL;

/**
 * Creates our pool when it is not there: btrfs where the host can (a node is then a snapshot, made in milliseconds), `dir`
 * otherwise, which copies the image for each node.
 * @returns the driver in use.
 */
export async function ensureStoragePool(client: LxcClient, options: CallOptions): Promise<string> {
  const path = `/1.0/storage-pools/${STORAGE_POOL}`;
  const driverOf = (pool: unknown): string => String((pool as { driver?: unknown }).driver);
  const there = await client.find(path, options);
  if (there !== null) return driverOf(there);
  const create = (driver: string, config: Record<string, string>): Promise<unknown> =>
    client.query(
      'POST',
      '/1.0/storage-pools',
      {
        name: STORAGE_POOL,
        driver,
        config: { ...config, [CACHE_LABEL]: 'pool' },
        description: 'twinstack nodes',
      },
      options,
    );
  try {
    await create('btrfs', { size: POOL_SIZE });
    return 'btrfs';
  } catch (error) {
    if (!(error instanceof CommandError) || error.kind !== 'exit') throw error;
    // Two runs that start at once both find no pool; the second one's request then fails for the best of reasons.
    const meanwhile = await client.find(path, options);
    if (meanwhile !== null) return driverOf(meanwhile);
    await create('dir', {});
    return 'dir';
  }
}

async function findImage(client: LxcClient, key: string, options: CallOptions): Promise<string | null> {
  const images = lxcImages.parse(await client.query('GET', '/1.0/images?recursion=1', undefined, options));
  return images.find((image) => image.properties?.[IMAGE_PROPERTY] === key)?.fingerprint ?? null;
}

/** Imports a node image unless the engine has it. @returns its fingerprint. */
export async function ensureLxcImage(
  client: LxcClient,
  image: NodeImage,
  options: CallOptions & { onProgress(text: string): void },
): Promise<string> {
  if (image.format !== 'system-container') throw new Error(`${image.key} is no image of a system container`);
  const { metadataFile, rootfsFile, key } = image;
  const onImport = (): void => options.onProgress(`importing the node image into ${client.dialect.title}`);
  return await importImage(client, { key, files: [metadataFile, rootfsFile], onImport }, options);
}

/** Imports the files of an image under our label, unless the engine has one with that key. @returns its fingerprint. */
export async function importImage(
  client: LxcClient,
  image: { readonly key: string; readonly files: readonly string[]; readonly onImport?: () => void },
  options: CallOptions,
): Promise<string> {
  const { key, files } = image;
  const there = await findImage(client, key, options);
  if (there !== null) return there;
  image.onImport?.();
  const isSnap = await clientIsSnap(client.dialect, process.env['PATH'] ?? '');
  const paths = files.map((file) => clientPath(file, isSnap));
  const args = ['image', 'import', '--project', PROJECT, ...paths, 'local:', `${IMAGE_PROPERTY}=${key}`];
  try {
    await client.run(args, { timeoutMs: options.timeoutMs, signal: options.signal });
  } catch (error) {
    const meanwhile = await findImage(client, key, options);
    if (meanwhile !== null) return meanwhile;
    throw error;
  }
  const fingerprint = await findImage(client, key, options);
  if (fingerprint === null) throw new Error(`${client.dialect.title} imported an image and does not list it`);
  return fingerprint;
}

/** Our images and our pool, found by their labels. */
export async function listCachedObjects(client: LxcClient, options: CallOptions): Promise<CachedResource[]> {
  const list = (collection: string): Promise<unknown> =>
    client.query('GET', `/1.0/${collection}?recursion=1`, undefined, options);
  const [images, pools] = await Promise.all([
    list('images').then((answer) => lxcImages.parse(answer)),
    list('storage-pools').then((answer) => lxcStoragePools.parse(answer)),
  ]);
  return [
    ...images
      .filter((image) => image.properties?.[IMAGE_PROPERTY] !== undefined)
      .map((image) => ({ kind: 'engine-image', name: image.fingerprint, sizeBytes: image.size }) as const),
    ...pools
      .filter((pool) => pool.config[CACHE_LABEL] !== undefined)
      .map((pool) => ({ kind: 'storage-pool', name: pool.name, sizeBytes: null }) as const),
  ];
}
