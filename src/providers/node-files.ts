import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import type { NodeFile } from './provider.ts';

/** A tar archive of the files, owned by root, with paths relative to `/`. */
export async function packNodeFiles(files: readonly NodeFile[]): Promise<Buffer> {
  const archive = pack();
  for (const file of files) {
    archive.entry({ name: file.path.replace(/^\/+/, ''), mode: file.mode, uid: 0, gid: 0 }, file.content);
  }
  archive.finalize();
  return buffer(archive);
}
