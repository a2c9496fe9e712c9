import { sha256 } from './template-files.ts';

/** Data that decides what is built; the order of an object's keys means nothing, that of a list does. */
export type KeyInput =
  string | number | boolean | null | readonly KeyInput[] | { readonly [name: string]: KeyInput };

/** The SHA-256 (hex) of what decides a build: equal inputs give equal keys, anything else gives another. */
export function contentKey(inputs: KeyInput): string {
  return sha256(JSON.stringify(inputs, sortObjectKeys));
}

function sortObjectKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
