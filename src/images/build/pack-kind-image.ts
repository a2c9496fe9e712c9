import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { CACHE_LABEL } from '../cache-label.ts';
import { measureFile } from '../download/meter.ts';
import { runContained } from './run-tool.ts';
import { addData, addFile, writeTar } from './tar-archive.ts';
import { sha256 } from './template-files.ts';
import type { BuildContext } from './build-context.ts';
import type { Architecture } from '../architecture.ts';
import type { KindImageData } from '../cache/kind-image-data.ts';

/** What an archive of a node for kind says of it. */
export interface KindArchive {
  readonly tree: string;
  readonly file: string;
  readonly reference: string;
  readonly key: string;
  readonly architecture: Architecture;
  readonly description: string;
}

/** Packs a tree as an archive of one layer, as `docker save` writes it. Not compressed: it is read from the same disk at once. */
export async function packKindImage(
  archive: KindArchive,
  data: KindImageData,
  context: BuildContext,
): Promise<void> {
  const layer = `${archive.file}.${randomUUID()}.layer`;
  try {
    const options = ['--create', '--sort=name', '--numeric-owner', '--xattrs', '--xattrs-include=*'];
    await runContained(
      context,
      'tar',
      [...options, '--format=pax', `--file=${layer}`, `--directory=${archive.tree}`, '.'],
      {
        purpose: 'packing the node for kind',
      },
    );
    const { sha256: digest } = await measureFile(layer, context.signal);
    const config = Buffer.from(JSON.stringify(imageConfig(archive, data, digest)));
    const configName = `${sha256(config)}.json`;
    const layerName = `${digest}/layer.tar`;
    const manifest = [{ Config: configName, RepoTags: [archive.reference], Layers: [layerName] }];
    await writeTar(archive.file, async (tar) => {
      await addData(tar, configName, config, 0o644);
      await addData(tar, 'manifest.json', Buffer.from(JSON.stringify(manifest)), 0o644);
      await addFile(tar, layerName, layer, 0o644);
    });
  } finally {
    await rm(layer, { force: true });
  }
}

function imageConfig(
  { key, architecture, description }: KindArchive,
  { environment, entrypoint, stopSignal }: KindImageData,
  digest: string,
): object {
  // Fixed: the key says what is inside, and the cache when it was made.
  const created = '1970-01-01T00:00:00Z';
  return {
    architecture,
    os: 'linux',
    created,
    config: {
      Env: environment,
      Entrypoint: entrypoint,
      StopSignal: stopSignal,
      WorkingDir: '/',
      Labels: { [CACHE_LABEL]: key, 'org.opencontainers.image.description': description },
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    history: [{ created, created_by: 'twinstack image build --for kind' }],
  };
}
