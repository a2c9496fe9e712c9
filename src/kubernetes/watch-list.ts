import type { KubeConfig } from '@kubernetes/client-node';
import { makeInformer, type KubernetesListObject, type KubernetesObject } from '@kubernetes/client-node';
import { WaitTimeoutError } from '../run/wait-until.ts';
import type { Look } from '../run/wait-until.ts';

/** What to watch, and for how long at most. */
export interface WatchOptions<T extends KubernetesObject> {
  readonly config: KubeConfig;
  /** The collection's API path, such as `/api/v1/nodes`. */
  readonly path: string;
  readonly list: () => Promise<KubernetesListObject<T>>;
  readonly labelSelector?: string;
  /** Completes "waiting until …". */
  readonly condition: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How long to leave an API server alone after it broke a watch, in milliseconds. */
const RECONNECT_DELAY_MS = 200;

/**
 * Watches a collection until a look at it says that the condition is met: no polling. A broken watch is taken up again.
 * @throws {WaitTimeoutError} at the deadline, with what was missing at the last look; the signal's reason when aborted.
 */
export async function watchUntil<T extends KubernetesObject, R>(
  options: WatchOptions<T>,
  look: (objects: readonly T[]) => Look<R>,
): Promise<R> {
  const { config, path, list, labelSelector, condition, timeoutMs, signal } = options;
  signal.throwIfAborted();
  const informer = makeInformer<T>(config, path, list, labelSelector);
  let missing = 'nothing was listed yet';
  let reconnect: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise<R>((resolve, reject) => {
      const inspect = (): void => {
        try {
          const seen = look(informer.list());
          if (seen.met) resolve(seen.value);
          else missing = seen.missing;
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const start = (): void => {
        informer.start().then(inspect, broken);
      };
      const broken = (error: unknown): void => {
        if (error === undefined || error === null) return;
        missing = `the watch broke: ${error instanceof Error ? error.message : JSON.stringify(error)}`;
        clearTimeout(reconnect);
        reconnect = setTimeout(start, RECONNECT_DELAY_MS);
      };
      informer.on('change', inspect);
      informer.on('delete', inspect);
      informer.on('error', broken);
      deadline = setTimeout(() => reject(new WaitTimeoutError(condition, missing, timeoutMs)), timeoutMs);
      onAbort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      signal.addEventListener('abort', onAbort, { once: true });
      start();
    });
  } finally {
    clearTimeout(reconnect);
    clearTimeout(deadline);
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    await informer.stop();
  }
}
