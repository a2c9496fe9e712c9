import {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  VersionApi,
  type KubernetesObject,
  type V1Status,
} from '@kubernetes/client-node';
import { X509Certificate, createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { parseAllDocuments } from 'yaml';
import { waitUntil, type Look } from '../run/wait-until.ts';
import type { CommandResult } from '../process/command-runner.ts';
import type { CallOptions } from '../providers/provider.ts';

/** Names our fields in what we apply. */
const FIELD_MANAGER = 'twinstack';
const API_POLL_MS = 50;
const APPLY_RETRY_MS = 100;

/** An API server's refusal in a few words, whatever shape the client library gave it. */
export function apiErrorText(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'body' in error) {
    const body = typeof error.body === 'string' ? error.body : JSON.stringify(error.body);
    const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1];
    if (message !== undefined) return message;
  }
  if (error instanceof Error) {
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return `${error.message.split('\n')[0]}${cause}`;
  }
  return String(error);
}

/** A cluster's API server, through the Kubernetes client library. */
export class ClusterClient {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly discovery: DiscoveryV1Api;
  readonly #objects: KubernetesObjectApi;
  readonly #exec: Exec;

  /** @param kubeconfig the file's text. */
  constructor(kubeconfig: string) {
    this.config = new KubeConfig();
    this.config.loadFromString(kubeconfig);
    this.core = this.config.makeApiClient(CoreV1Api);
    this.apps = this.config.makeApiClient(AppsV1Api);
    this.batch = this.config.makeApiClient(BatchV1Api);
    this.discovery = this.config.makeApiClient(DiscoveryV1Api);
    this.#objects = KubernetesObjectApi.makeApiClient(this.config);
    this.#exec = new Exec(this.config);
  }

  /** The hash by which `kubeadm join` knows the cluster's CA: SHA-256 over its public key (SubjectPublicKeyInfo, DER). */
  caCertHash(): string {
    const data = this.config.getCurrentCluster()?.caData;
    if (data === undefined) throw new Error('the kubeconfig holds no CA certificate');
    const { publicKey } = new X509Certificate(Buffer.from(data, 'base64'));
    const der = publicKey.export({ type: 'spki', format: 'der' });
    return `sha256:${createHash('sha256').update(der).digest('hex')}`;
  }

  /** Waits until the API server answers; it offers nothing to watch before that. @returns its version without the `v`. */
  waitForApi(options: CallOptions): Promise<string> {
    const version = this.config.makeApiClient(VersionApi);
    return waitUntil(
      async (): Promise<Look<string>> => {
        try {
          return { met: true, value: (await version.getCode()).gitVersion.replace(/^v/, '') };
        } catch (error) {
          return { met: false, missing: apiErrorText(error) };
        }
      },
      { condition: 'the API server answers', intervalMs: API_POLL_MS, ...options },
    );
  }

  /**
   * Applies each document of a manifest on the server's side, again until the deadline: a young API server refuses what it will
   * take a moment later (no namespace `default`, no service range yet).
   */
  async apply(manifest: string, options: CallOptions): Promise<void> {
    const objects = parseAllDocuments(manifest).map((document) => document.toJS() as unknown);
    await Promise.all(
      objects.map((object) =>
        waitUntil(
          async (): Promise<Look<null>> => {
            try {
              await this.#objects.patch(
                object as KubernetesObject,
                undefined,
                undefined,
                FIELD_MANAGER,
                true,
                PatchStrategy.ServerSideApply,
              );
              return { met: true, value: null };
            } catch (error) {
              return { met: false, missing: apiErrorText(error) };
            }
          },
          { condition: `the API server accepts ${describe(object)}`, intervalMs: APPLY_RETRY_MS, ...options },
        ),
      ),
    );
  }

  /** Runs a program in a pod's only container; resolves with its status whatever it is. */
  async execInPod(
    pod: { namespace: string; name: string; container: string },
    command: readonly string[],
    options: CallOptions,
  ): Promise<CommandResult> {
    const started = performance.now();
    const stdout = new TextSink();
    const stderr = new TextSink();
    options.signal.throwIfAborted();
    const { promise, resolve, reject } = deferred<number>();
    const onAbort = (): void => reject(asError(options.signal.reason));
    options.signal.addEventListener('abort', onAbort, { once: true });
    const seconds = options.timeoutMs / 1000;
    const timer = setTimeout(
      () => reject(new Error(`${command[0]} in pod ${pod.name} did not end within ${seconds} s`)),
      options.timeoutMs,
    );
    const opened = this.#exec.exec(
      pod.namespace,
      pod.name,
      pod.container,
      [...command],
      stdout,
      stderr,
      null,
      false,
      (status) => resolve(exitCodeOf(status)),
    );
    opened.then(
      (socket) => {
        const closed = `the connection to pod ${pod.name} was closed before the program ended`;
        socket.onclose = () => reject(new Error(closed));
      },
      (error: unknown) => reject(new Error(`no connection to pod ${pod.name}: ${asError(error).message}`)),
    );
    try {
      const exitCode = await promise;
      return {
        exitCode,
        stdout: stdout.text(),
        stderr: stderr.text(),
        durationMs: Math.round(performance.now() - started),
      };
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      // Not closed but ended: a server that does not answer the close would keep our process for half a minute.
      opened.then((socket) => socket.terminate()).catch(() => undefined);
    }
  }
}

/** What is thrown or given as a reason, as an error. The web socket's failures are events with a message. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const message =
    typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : thrown;
  return new Error(String(message));
}

function describe(object: unknown): string {
  const { kind, metadata } = object as KubernetesObject;
  return `${kind ?? 'an object'} ${metadata?.name ?? 'without a name'}`;
}

/** The program's status as the API server reports it when the stream ends. */
function exitCodeOf(status: V1Status): number {
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  return cause?.message === undefined ? 1 : Number(cause.message);
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Keeps what is written to it. */
class TextSink extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
