/** `0.9s`, `75.0s`, and from two minutes on `2m 05s`. */
export function formatSeconds(ms: number): string {
  if (ms < 119_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}

/** Like {@link formatSeconds}, but `12 ms` below a second: for what is over in the blink of an eye. */
export function formatDuration(ms: number): string {
  return ms < 999.5 ? `${Math.round(ms)} ms` : formatSeconds(ms);
}
