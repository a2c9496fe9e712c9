import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { PROJECT, type LxcClient } from '../../src/providers/lxc/lxc-client.ts';
import type { CallOptions } from '../../src/providers/provider.ts';

const FOLDERS = ['dev', 'etc', 'proc', 'run', 'sbin', 'sys', 'tmp', 'var'];

/**
 * Imports the smallest image from which an engine creates an instance: folders and an init that nobody starts. It is never the same
 * twice, so that whoever removes it removes his own. @returns its fingerprint.
 */
export async function importTinyImage(
  client: LxcClient,
  directory: string,
  options: CallOptions,
): Promise<string> {
  const file = join(directory, 'tiny.tar');
  const metadata = {
    architecture: process.arch === 'arm64' ? 'aarch64' : 'x86_64',
    creation_date: 1,
    properties: { description: `twinstack contract test ${directory}` },
  };
  const archive = pack();
  archive.entry({ name: 'metadata.yaml' }, JSON.stringify(metadata));
  archive.entry({ name: 'rootfs', type: 'directory', mode: 0o755 });
  for (const folder of FOLDERS) archive.entry({ name: `rootfs/${folder}`, type: 'directory', mode: 0o755 });
  archive.entry({ name: 'rootfs/sbin/init', mode: 0o755 }, '');
  archive.finalize();
  await pipeline(archive, createWriteStream(file));
  const { stdout } = await client.run(['image', 'import', '--project', PROJECT, file, 'local:'], options);
  const fingerprint = /\b[0-9a-f]{64}\b/.exec(stdout)?.[0];
  if (fingerprint === undefined) throw new Error(`${client.dialect.client} said no fingerprint: ${stdout}`);
  return fingerprint;
}
