import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ResourceRef } from './event.ts';

const JOURNAL_FILE = 'journal.jsonl';
const LINE_FEED = 10;

const entrySchema = z.object({
  at: z.string(),
  event: z.enum(['creating', 'removed']),
  kind: z.string(),
  name: z.string(),
});

/**
 * What a run creates, one line of JSON each, written *before* the request goes to the engine: after a kill at any moment the
 * journal names everything that may be there. Writes are synchronous on purpose.
 */
export class Journal {
  readonly #file: string;
  #begun = false;

  constructor(runDirectory: string) {
    mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
    this.#file = join(runDirectory, JOURNAL_FILE);
  }

  creating(ref: ResourceRef): void {
    this.#append('creating', ref);
  }

  removed(ref: ResourceRef): void {
    this.#append('removed', ref);
  }

  /** What was begun and not seen to be removed, newest first. A line cut off by a kill is passed over: its request never went out. */
  remaining(): ResourceRef[] {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return [];
    }
    const refs = new Map<string, ResourceRef>();
    for (const line of text.split('\n')) {
      const entry = parseEntry(line);
      if (entry === null) continue;
      const key = `${entry.kind}/${entry.name}`;
      if (entry.event === 'creating') refs.set(key, { kind: entry.kind, name: entry.name });
      else refs.delete(key);
    }
    return [...refs.values()].reverse();
  }

  /** Whether who wrote before us was killed within a line, of which what follows must not become a part. */
  #isCutOff(): boolean {
    if (this.#begun) return false;
    try {
      const last = readFileSync(this.#file).at(-1);
      return last !== undefined && last !== LINE_FEED;
    } catch {
      return false;
    }
  }

  #append(event: 'creating' | 'removed', { kind, name }: ResourceRef): void {
    const entry = { at: new Date().toISOString(), event, kind, name };
    const start = this.#isCutOff() ? '\n' : '';
    appendFileSync(this.#file, `${start}${JSON.stringify(entry)}\n`, { mode: 0o600 });
    this.#begun = true;
  }
}

function parseEntry(line: string): z.infer<typeof entrySchema> | null {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
