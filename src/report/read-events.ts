import { readFile } from 'node:fs/promises';
import { FailureError } from '../run/failure.ts';
import type { RunEvent } from '../run/event.ts';
import { runEventSchema } from '../run/event-schema.ts';

/**
 * Reads an `events.jsonl`. A last line that was cut off, as a kill in the middle of a write leaves it, is left out, and so are kinds of
 * events that this version doesn't know. Null when there is no such file.
 *
 * @throws {FailureError} of class `usage` for any other line that is no event.
 */
export async function readEvents(file: string): Promise<RunEvent[] | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return null;
  }
  return parseEvents(text, file);
}

/** The events of a file's text; `file` is only for messages. See {@link readEvents}. */
export function parseEvents(text: string, file: string): RunEvent[] {
  const lines = text.split('\n');
  // What follows the last newline: nothing, or a line that was never finished.
  lines.pop();
  return lines.flatMap((line, index) => {
    const document = parseJson(line);
    const parsed = runEventSchema.safeParse(document);
    if (parsed.success) return [parsed.data];
    if (isUnknownKind(document)) return [];
    const [issue] = parsed.error.issues;
    const fault =
      document === undefined
        ? 'it is not JSON'
        : `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`;
    throw new FailureError({
      class: 'usage',
      step: 'report',
      message: `${file}:${index + 1} is not an event: ${fault}`,
      hint: null,
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const KNOWN_KINDS: ReadonlySet<unknown> = new Set(
  runEventSchema.options.flatMap((option) => [...option.shape.type.values]),
);

function isUnknownKind(document: unknown): boolean {
  if (typeof document !== 'object' || document === null || !('type' in document)) return false;
  return typeof document.type === 'string' && !KNOWN_KINDS.has(document.type);
}
