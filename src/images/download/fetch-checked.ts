import { join } from 'node:path';
import { findChecksum, type ChecksumForm } from './checksum-file.ts';
import { DownloadError } from './download-error.ts';
import type { DownloadCall, Downloader } from './downloader.ts';

/** A file that somebody publishes, and where its checksum stands. */
export interface CheckedFile {
  /** Name of the file at the end of its URL. */
  readonly name: string;
  readonly url: string;
  /** The SHA-256 that our data holds; it is then not asked for. */
  readonly pinned: string | null;
  readonly checksum: { readonly url: string; readonly form: ChecksumForm };
}

/** Where a file came from. */
export interface FetchedFile {
  readonly url: string;
  readonly sha256: string;
  /** `pinned`, or the URL of the checksum file that the sum was found in. */
  readonly checksum: string;
}

/** The sum that a file must have, and who says so. @throws {DownloadError} when nobody does. */
export async function expectedSum(
  file: CheckedFile,
  downloader: Downloader,
  call: DownloadCall,
): Promise<{ sum: string; from: string }> {
  if (file.pinned !== null) return { sum: file.pinned, from: 'pinned' };
  const { url, form } = file.checksum;
  const sum = findChecksum(await downloader.text(url, call), form, file.name);
  if (sum !== null) return { sum, from: url };
  const hint =
    'Look what answers there; a proxy or a mirror may give a page of its own. No file is taken without its checksum.';
  throw new DownloadError(`${url} holds no SHA-256 of ${file.name}`, { hint });
}

/** Fetches a file into a folder, under its own name. @throws {DownloadError} also when its SHA-256 is not the one that it must be. */
export async function fetchChecked(
  file: CheckedFile,
  directory: string,
  downloader: Downloader,
  call: DownloadCall,
): Promise<FetchedFile> {
  const expected = await expectedSum(file, downloader, call);
  const sha256 = await downloader.file(file.url, join(directory, file.name), call);
  if (sha256 !== expected.sum) {
    const hint =
      'Nothing of it is kept. Try again; when it stays, somebody on the way changes files: look at HTTPS_PROXY and mirrors.';
    const message = `${file.url} has the SHA-256 ${sha256}, expected ${expected.sum} (${expected.from})`;
    throw new DownloadError(message, { hint });
  }
  return { url: file.url, sha256, checksum: expected.from };
}
