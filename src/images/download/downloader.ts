import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pRetry from 'p-retry';
import { request, type Dispatcher } from 'undici';
import { connectionError, DownloadError, statusError } from './download-error.ts';
import { createMeter } from './meter.ts';
import { createHttpClient, type Environment } from './http-client.ts';

const MAX_REDIRECTS = 5;
/** A list of checksums has a few kB. */
const MAX_TEXT_BYTES = 1024 * 1024;

/** How patient a downloader is, and where it writes; a test gives its own. */
export interface DownloadTuning {
  /** Attempts at each file, the first one included. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; three times as many before each further one. */
  readonly retryDelayMs: number;
  openFile(file: string): Writable;
}

const DEFAULT_TUNING: DownloadTuning = {
  attempts: 4,
  retryDelayMs: 1000,
  openFile: (file) => createWriteStream(file),
};

/** What a call needs: its end, and a way to tell how far it is. */
export interface DownloadCall {
  readonly signal: AbortSignal;
  report(detail: string): void;
}

/** Fetches over HTTPS. An attempt that fails for a reason that may pass is made again, from the beginning. */
export class Downloader {
  readonly #client: Dispatcher;
  readonly #environment: Environment;
  readonly #tuning: DownloadTuning;

  private constructor(client: Dispatcher, environment: Environment, tuning: DownloadTuning) {
    this.#client = client;
    this.#environment = environment;
    this.#tuning = tuning;
  }

  /** @throws {FailureError} of class `preflight` for settings that can't be used. */
  static async create(environment: Environment, tuning: Partial<DownloadTuning> = {}): Promise<Downloader> {
    return new Downloader(await createHttpClient(environment), environment, { ...DEFAULT_TUNING, ...tuning });
  }

  /** Fetches a small text. @throws {DownloadError} when that can't be done. */
  async text(url: string, call: DownloadCall): Promise<string> {
    return await this.#retried(url, call, async () => {
      const { body } = await this.#get(url, call.signal);
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > MAX_TEXT_BYTES) {
          const hint = 'Look what answers there: a proxy that wants to be logged in to, perhaps.';
          throw new DownloadError(`${url} is no list of checksums: it has more than 1 MB`, { hint });
        }
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    });
  }

  /** Looks whether a file is there, and fetches nothing of it. @throws {DownloadError} when it is not. */
  async look(url: string, call: DownloadCall): Promise<void> {
    await this.#retried(url, call, async () => {
      const { body } = await this.#get(url, call.signal, 'HEAD');
      await body.dump();
    });
  }

  /**
   * Fetches a file, tells how far it is, and hashes what comes.
   * @returns the SHA-256 (hex) of what was written.
   * @throws {DownloadError} when that can't be done; the disk's own error when it can't be written.
   */
  async file(url: string, file: string, call: DownloadCall): Promise<string> {
    const name = new URL(url).pathname.split('/').at(-1) ?? url;
    return await this.#retried(url, call, async () => {
      const { body, headers } = await this.#get(url, call.signal);
      const total = Number(headers['content-length']);
      let bytes = 0;
      const meter = createMeter((count) => {
        bytes += count;
        call.report(`${name}, ${progressOf(bytes, total)}`);
      });
      await pipeline(body, meter.stream, this.#tuning.openFile(file), { signal: call.signal });
      if (Number.isFinite(total) && total !== bytes) {
        const message = `the transfer was cut after ${bytes} of ${total} bytes: ${url}`;
        throw new DownloadError(message, { transient: true, hint: 'Try again.' });
      }
      return meter.read().sha256;
    });
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  async #retried<T>(url: string, call: DownloadCall, attempt: () => Promise<T>): Promise<T> {
    const { attempts, retryDelayMs } = this.#tuning;
    const explained = async (): Promise<T> => {
      try {
        return await attempt();
      } catch (error) {
        call.signal.throwIfAborted();
        throw connectionError(url, error, this.#environment);
      }
    };
    try {
      return await pRetry(explained, {
        retries: attempts - 1,
        minTimeout: retryDelayMs,
        factor: 3,
        signal: call.signal,
        shouldRetry: ({ error }) => error instanceof DownloadError && error.transient,
        onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
          if (retriesLeft > 0 && error instanceof DownloadError && error.transient)
            call.report(`attempt ${attemptNumber + 1} of ${attempts}: ${error.message}`);
        },
      });
    } catch (error) {
      call.signal.throwIfAborted();
      if (!(error instanceof DownloadError) || !error.transient || attempts === 1) throw error;
      throw new DownloadError(`${error.message} (${attempts} attempts)`, { hint: error.hint, cause: error });
    }
  }

  /** Follows redirects, which must stay on HTTPS: what a checksum is worth depends on who could change it on the way. */
  async #get(
    url: string,
    signal: AbortSignal,
    method: 'GET' | 'HEAD' = 'GET',
  ): Promise<Dispatcher.ResponseData> {
    let at = url;
    for (let redirects = 0; ; redirects += 1) {
      const response = await request(at, {
        dispatcher: this.#client,
        signal,
        method,
        headers: { 'user-agent': 'twinstack' },
      });
      const { statusCode, headers } = response;
      if (statusCode === 200) return response;
      await response.body.dump({ limit: MAX_TEXT_BYTES });
      const { location } = headers;
      if (statusCode < 300 || statusCode > 399 || typeof location !== 'string')
        throw statusError(at, statusCode);
      const from = at;
      at = new URL(location, from).href;
      const hint = 'Look what answers there, or name a mirror in TWINSTACK_UPSTREAM.';
      if (!at.startsWith('https:')) {
        throw new DownloadError(`${from} leads to ${at}, which is not HTTPS: refused`, { hint });
      }
      if (redirects >= MAX_REDIRECTS) {
        throw new DownloadError(`${url} leads on and on: more than ${MAX_REDIRECTS} redirects`, { hint });
      }
    }
  }
}

function progressOf(bytes: number, total: number): string {
  const megabytes = (count: number): string => String(Math.round(count / 1e6));
  return Number.isFinite(total) ? `${megabytes(bytes)} of ${megabytes(total)} MB` : `${megabytes(bytes)} MB`;
}
