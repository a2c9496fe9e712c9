/** Where a value is in a scenario: keys, and indices of lists counted from 0. Empty for the document itself. */
export type DocumentPath = readonly (string | number)[];

const PLAIN_KEY = /^[A-Za-z0-9_-]+$/;

/** The path as people write it: `network.services[1]`, with quotes around keys that have more than letters, digits, `_` and `-`. */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!PLAIN_KEY.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** Reads what `formatPath` writes, but for quoted keys; null where the text is no path. */
export function parsePath(text: string): DocumentPath | null {
  if (!/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+|\[\d{1,6}\])*$/.test(text)) return null;
  return [...text.matchAll(/\[(\d+)\]|([A-Za-z0-9_-]+)/g)].map(([, index, key]) =>
    index === undefined ? (key ?? '') : Number(index),
  );
}

/** Whether one path is the other, or leads to it or from it. */
export function pathsTouch(one: DocumentPath, other: DocumentPath): boolean {
  const shared = Math.min(one.length, other.length);
  return one.slice(0, shared).every((part, index) => part === other[index]);
}
