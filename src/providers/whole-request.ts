import type { CallOptions } from './provider.ts';

/** For what is made within one request, which goes on when its client is gone: it is not cut off half-way, and the abort is told afterwards. */
export async function wholeRequest(
  options: CallOptions,
  create: (call: CallOptions) => Promise<unknown>,
): Promise<void> {
  const { signal } = new AbortController();
  await create({ timeoutMs: options.timeoutMs, signal });
  options.signal.throwIfAborted();
}
