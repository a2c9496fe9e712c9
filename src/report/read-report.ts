import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { FailureError } from '../run/failure.ts';
import { reportIndexSchema, type ReportIndex } from './report-index.ts';
import type { Report } from './report.ts';
import { REPORT_SCHEMA_VERSION, reportSchema } from './report.ts';

/** More than this many faults say no more than these. */
const SHOWN_FAULTS = 5;

/**
 * Reads and validates a report.
 *
 * @param path A `report.json`, or the directory that it is in.
 * @throws {FailureError} of class `usage` when there is no file, or what it has is no report.
 */
export async function readReport(path: string): Promise<Report> {
  const directory = await isDirectory(path);
  const file = directory ? join(path, 'report.json') : path;
  return readDocument(file, reportSchema, 'a report', directory);
}

/**
 * Reads and validates the index of several runs; null where the directory has none.
 *
 * @throws {FailureError} of class `usage` when what it has is no index.
 */
export async function readReportIndex(directory: string): Promise<ReportIndex | null> {
  const file = join(directory, 'index.json');
  if (!(await isFile(file))) return null;
  return readDocument(file, reportIndexSchema, 'an index of reports', true);
}

/** Whether a directory has a report in it, good or damaged. */
export async function hasReport(directory: string): Promise<boolean> {
  return isFile(join(directory, 'report.json'));
}

async function readDocument<T>(
  file: string,
  schema: z.ZodType<T>,
  kind: string,
  inDirectory: boolean,
): Promise<T> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const why = isMissing(error) ? 'there is no such file' : messageOf(error);
    const hint = inDirectory && isMissing(error) ? 'A run writes its report when it ends.' : null;
    throw refusal(`can't read ${file}: ${why}`, hint, error);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw refusal(`${file} is not JSON: ${messageOf(error)}`, null, error);
  }
  const version = schemaVersionOf(document);
  if (version !== null && version > REPORT_SCHEMA_VERSION) {
    throw refusal(
      `${file} has schemaVersion ${version}, and this version of twinstack reads ${REPORT_SCHEMA_VERSION}`,
      'Read it with the version of twinstack that wrote it, or a later one.',
    );
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path: place, message }) => {
    const where = place.length === 0 ? 'the document' : formatPlace(place);
    return `${where}: ${message}`;
  });
  const more = faults.length > SHOWN_FAULTS ? `; and ${faults.length - SHOWN_FAULTS} more` : '';
  throw refusal(`${file} is not ${kind}: ${faults.slice(0, SHOWN_FAULTS).join('; ')}${more}`, null);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Reading it will say why.
    return false;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function schemaVersionOf(document: unknown): number | null {
  if (typeof document !== 'object' || document === null || !('schemaVersion' in document)) return null;
  return typeof document.schemaVersion === 'number' ? document.schemaVersion : null;
}

/** `checks[3].id` */
function formatPlace(place: readonly PropertyKey[]): string {
  return place
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

function refusal(message: string, hint: string | null, cause?: unknown): FailureError {
  return new FailureError({ class: 'usage', step: 'report', message, hint }, { cause });
}
