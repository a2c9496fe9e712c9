import { createHash } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { execa } from 'execa';
import { pack } from 'tar-stream';
import { ReleaseServer } from './release-server.ts';
import type { ServerCertificate } from './test-authority.ts';

const FOLDERS = ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var'];
const LINKS = ['bin', 'lib', 'lib64', 'sbin'];
const INDEX = '/streams/v1/index.json';
const PRODUCTS = '/streams/v1/images.json';
export const METADATA_PATH = '/images/tiny.lxd.tar.xz';
export const ROOTFS_PATH = '/images/tiny.squashfs';

const sha256 = (...parts: readonly Buffer[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The two files of an image, as simplestreams servers have them. It is never the same twice, so that a test removes its own. */
export interface ServedImage {
  readonly metadata: Buffer;
  readonly rootfs: Buffer;
  /** As engines compute it: over both files. */
  readonly fingerprint: string;
}

/** An image with folders and no programs: the host's can be mounted at /usr. @param directory empty, and nobody else's. */
export async function makeTinyImage(directory: string): Promise<ServedImage> {
  const root = join(directory, 'rootfs');
  for (const folder of FOLDERS) await mkdir(join(root, folder), { recursive: true });
  for (const name of LINKS) await symlink(`usr/${name}`, join(root, name));
  await writeFile(join(root, 'etc/group'), 'root:x:0:\n');
  await execa('mksquashfs', [
    root,
    join(directory, 'rootfs.squashfs'),
    '-noappend',
    '-quiet',
    '-no-progress',
  ]);
  const archive = pack();
  const architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const properties = { description: `twinstack test of ${directory}` };
  archive.entry({ name: 'metadata.yaml' }, JSON.stringify({ architecture, creation_date: 1, properties }));
  archive.finalize();
  const { stdout: metadata } = await execa('xz', ['--compress', '--stdout'], {
    input: await buffer(archive),
    encoding: 'buffer',
  });
  const rootfs = await readFile(join(directory, 'rootfs.squashfs'));
  const files = [Buffer.from(metadata), rootfs] as const;
  return { metadata: files[0], rootfs, fingerprint: sha256(...files) };
}

/** What a server says of an image that its files don't say. */
export interface ImageClaims {
  readonly aliases: readonly string[];
  /** As simplestreams names it. */
  readonly arch?: string;
  /** Of the root file system, where it is to be wrong. */
  readonly rootfsSha256?: string;
}

/** A simplestreams server on loopback, as distributions publish their images. */
export async function startImageServer(
  certificate: ServerCertificate,
  image: ServedImage,
  claims: ImageClaims,
): Promise<ReleaseServer> {
  const server = await ReleaseServer.start(certificate);
  const { metadata, rootfs } = image;
  const arch = claims.arch ?? (process.arch === 'arm64' ? 'arm64' : 'amd64');
  const product = `tiny:1:${arch}`;
  const item = (ftype: string, file: Buffer, path: string, sum = sha256(file)): object => ({
    ftype,
    size: file.length,
    sha256: sum,
    path: path.slice(1),
  });
  const rootfsSum = claims.rootfsSha256 ?? sha256(rootfs);
  const items = {
    'lxd.tar.xz': {
      ...item('lxd.tar.xz', metadata, METADATA_PATH),
      combined_squashfs_sha256: sha256(metadata, rootfs),
    },
    squashfs: item('squashfs', rootfs, ROOTFS_PATH, rootfsSum),
  };
  const products = {
    [product]: {
      aliases: claims.aliases.join(','),
      arch,
      os: 'Tiny',
      release: 'one',
      release_title: '1',
      supported: true,
      versions: { '20260101': { items } },
    },
  };
  const images = { datatype: 'image-downloads', path: PRODUCTS.slice(1), format: 'products:1.0' };
  const index = { format: 'index:1.0', index: { images: { ...images, products: [product] } } };
  const content = { content_id: 'images', datatype: 'image-downloads', format: 'products:1.0', products };
  server.files.set(INDEX, Buffer.from(JSON.stringify(index)));
  server.files.set(PRODUCTS, Buffer.from(JSON.stringify(content)));
  server.files.set(METADATA_PATH, metadata);
  server.files.set(ROOTFS_PATH, rootfs);
  return server;
}
