/** A signal that is never aborted, for calls under test that need one. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
