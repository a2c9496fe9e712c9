import { randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import type { Pack } from 'tar-stream';
import { addData, addEntry, addFile, writeTar } from './tar-archive.ts';
import { sha256 } from './template-files.ts';
import type { NodeImageSpec } from '../node-image.ts';

/** One file or symbolic link of a container image. */
export type ContainerFile =
  | { readonly path: string; readonly source: string; readonly mode: number }
  | { readonly path: string; readonly data: Uint8Array; readonly mode: number }
  | { readonly path: string; readonly link: string };

/** A container image FROM scratch, of one layer. */
export interface ScratchImage {
  /** Name and tag, such as `twinstack.local/pause:3.10`. */
  readonly reference: string;
  readonly architecture: NodeImageSpec['architecture'];
  readonly description: string;
  readonly entrypoint: readonly string[];
  /** `<uid>:<gid>`; root unless one is named. */
  readonly user?: string | null;
  readonly files: readonly ContainerFile[];
}

/** Directories that every image gets: programs expect them, and nothing in an image FROM scratch makes them. */
const DIRECTORIES = ['/etc', '/run', '/tmp', '/var/lib', '/var/log'];

const SEARCH_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';

/**
 * Writes an image as an OCI layout in a tar archive, which `ctr images import` takes. Equal input gives equal bytes. The layer is not
 * compressed: it is unpacked at once, and the node image is compressed as a whole.
 */
export async function writeScratchImage(image: ScratchImage, file: string): Promise<void> {
  const layerFile = `${file}.${randomUUID()}.layer`;
  try {
    const layerDigest = await writeTar(layerFile, (tar) => addLayer(tar, image.files));
    const layerSize = (await stat(layerFile)).size;
    const { description, architecture, user = null } = image;
    const labels = { 'org.opencontainers.image.description': description };
    const config = json({
      architecture,
      os: 'linux',
      config: {
        ...(user === null ? {} : { User: user }),
        Entrypoint: image.entrypoint,
        Env: [SEARCH_PATH],
        WorkingDir: '/',
        Labels: labels,
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    });
    const manifest = json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: `sha256:${layerDigest}`,
          size: layerSize,
        },
      ],
      annotations: labels,
    });
    const index = json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
          platform: { architecture, os: 'linux' },
          annotations: { 'io.containerd.image.name': image.reference },
        },
      ],
    });
    await writeTar(file, async (tar) => {
      await addData(tar, 'oci-layout', json({ imageLayoutVersion: '1.0.0' }), 0o644);
      await addData(tar, 'index.json', index, 0o644);
      await addData(tar, `blobs/sha256/${sha256(config)}`, config, 0o644);
      await addData(tar, `blobs/sha256/${sha256(manifest)}`, manifest, 0o644);
      await addFile(tar, `blobs/sha256/${layerDigest}`, layerFile, 0o644);
    });
  } finally {
    await rm(layerFile, { force: true });
  }
}

async function addLayer(tar: Pack, files: readonly ContainerFile[]): Promise<void> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const directories = new Set<string>();
  for (const path of [...DIRECTORIES.map((directory) => `${directory}/.`), ...byPath.keys()]) {
    for (let directory = posix.dirname(path); directory !== '/'; directory = dirname(directory)) {
      directories.add(directory);
    }
  }
  // Sorted, a directory comes before what is in it.
  for (const path of [...directories, ...byPath.keys()].sort()) {
    const name = path.slice(1);
    const file = byPath.get(path);
    if (file === undefined) {
      await addEntry(tar, { name, type: 'directory', mode: path === '/tmp' ? 0o1777 : 0o755 });
    } else if ('link' in file) {
      await addEntry(tar, { name, type: 'symlink', linkname: file.link, mode: 0o777 });
    } else if ('data' in file) {
      await addData(tar, name, file.data, file.mode);
    } else {
      await addFile(tar, name, file.source, file.mode);
    }
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function descriptor(
  mediaType: string,
  data: Uint8Array,
): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: `sha256:${sha256(data)}`, size: data.length };
}
