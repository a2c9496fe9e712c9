/** How a site publishes checksums: `sum`, a file with one sum and nothing else; `list`, lines as `sha256sum` writes them. */
export type ChecksumForm = 'sum' | 'list';

/** The SHA-256 (hex) that a checksum file gives for a file; null when it gives none, or when it is no checksum file. */
export function findChecksum(text: string, form: ChecksumForm, fileName: string): string | null {
  if (form === 'sum') return /^([0-9a-f]{64})\s*$/i.exec(text)?.[1]?.toLowerCase() ?? null;
  for (const line of text.split('\n')) {
    const [, sum, path] = /^([0-9a-f]{64}) [ *](\S+)\s*$/i.exec(line) ?? [];
    if (path?.split('/').at(-1) === fileName) return sum?.toLowerCase() ?? null;
  }
  return null;
}
