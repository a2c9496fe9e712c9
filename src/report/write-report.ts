import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { RunEvent } from '../run/event.ts';
import { renderIndexMarkdown } from './index-markdown.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { redact } from './redact.ts';
import type { IndexedReport, ReportIndex } from './report-index.ts';
import { indexReports, withDistinctNames } from './report-index.ts';
import type { Report } from './report.ts';
import { dialogueTitle, transcriptFiles, transcriptLines } from './transcript-text.ts';
import { stackTrace } from './stack-trace.ts';

const EVENTS_FILE = 'events.jsonl';
const REPORT_FILE = 'report.json';
const JUNIT_FILE = 'junit.xml';
const SUMMARY_FILE = 'summary.md';
const INDEX_FILE = 'index.json';
const STACK_TRACE_FILE = 'stack-trace.txt';
const TRANSCRIPTS_FOLDER = 'transcripts';

/** How {@link ReportWriter} writes. */
export interface ReportWriterOptions {
  /**
   * Strings that must not be in any file. It is read at each write, so a token that is made during the run is added to it before
   * the first event that could carry it.
   */
  readonly redact: ReadonlySet<string>;
}

/** Writes a run's report directory: its events as they come, and the report when it has ended. */
export class ReportWriter {
  /** Absolute path. */
  readonly directory: string;
  readonly #secrets: ReadonlySet<string>;
  #events: number | null;
  #eventsError: Error | null = null;

  private constructor(directory: string, events: number, options: ReportWriterOptions) {
    this.directory = directory;
    this.#events = events;
    this.#secrets = options.redact;
  }

  /**
   * Makes the directory, and removes from it what an earlier run wrote: a run that is killed must not leave another one's report.
   *
   * @throws {Error} of `node:fs` when the directory can't be made or written to.
   */
  static async create(directory: string, options: ReportWriterOptions): Promise<ReportWriter> {
    const absolute = resolve(directory);
    await mkdir(absolute, { recursive: true, mode: 0o755 });
    for (const file of [REPORT_FILE, JUNIT_FILE, SUMMARY_FILE, STACK_TRACE_FILE]) {
      await rm(join(absolute, file), { force: true });
    }
    await rm(join(absolute, TRANSCRIPTS_FOLDER), { recursive: true, force: true });
    return new ReportWriter(absolute, openSync(join(absolute, EVENTS_FILE), 'w', 0o644), options);
  }

  /**
   * Appends an event to `events.jsonl`. When it returns the operating system has the line, so that a killed process loses nothing.
   * It never throws: a full disk must not stop a run that has things to remove. {@link ReportWriter.write} tells of it.
   */
  append(event: RunEvent): void {
    // It has a file of its own, with a limit.
    if (this.#events === null || event.type === 'test-output') return;
    try {
      writeAll(this.#events, `${JSON.stringify(redact(event, this.#secrets))}\n`);
    } catch (error) {
      this.#eventsError = new Error(`can't write ${join(this.directory, EVENTS_FILE)}`, { cause: error });
      this.#closeEvents();
    }
  }

  /** Writes the stack trace of what we did not expect, with all of its causes, and returns the file's path. */
  async writeStackTrace(error: unknown): Promise<string> {
    const file = join(this.directory, STACK_TRACE_FILE);
    await writeFileAtomic(file, redact(stackTrace(error), this.#secrets), { mode: 0o644 });
    return file;
  }

  /**
   * Ends `events.jsonl` and writes `report.json`, `junit.xml` and `summary.md`. Returns the report as it was written, which is
   * what `--json` prints.
   *
   * @throws {Error} when a file could not be written, `events.jsonl` included; the other files are written all the same.
   */
  async write(report: Report): Promise<Report> {
    this.#closeEvents();
    const written = redact(report, this.#secrets);
    const files: [name: string, text: () => string][] = [
      [REPORT_FILE, () => `${JSON.stringify(written, null, 2)}\n`],
      [JUNIT_FILE, () => renderJunit([written])],
      [SUMMARY_FILE, () => renderMarkdown(written)],
    ];
    const names = transcriptFiles(written.dialogues);
    for (const [index, dialogue] of written.dialogues.entries()) {
      const text = (): string => [dialogueTitle(dialogue), '', ...transcriptLines(dialogue), ''].join('\n');
      files.push([join(TRANSCRIPTS_FOLDER, names[index] ?? ''), text]);
    }
    const errors: unknown[] = this.#eventsError === null ? [] : [this.#eventsError];
    for (const [name, text] of files) {
      try {
        await mkdir(join(this.directory, dirname(name)), { recursive: true, mode: 0o755 });
        await writeFileAtomic(join(this.directory, name), text(), { mode: 0o644 });
      } catch (error) {
        errors.push(new Error(`can't write ${join(this.directory, name)}`, { cause: error }));
      }
    }
    const [first, ...others] = errors;
    if (others.length > 0) throw new AggregateError(errors, `can't write the report in ${this.directory}`);
    if (first !== undefined) throw first as Error;
    return written;
  }

  #closeEvents(): void {
    if (this.#events === null) return;
    const events = this.#events;
    this.#events = null;
    try {
      closeSync(events);
    } catch (error) {
      this.#eventsError ??= new Error(`can't close ${join(this.directory, EVENTS_FILE)}`, { cause: error });
    }
  }
}

/**
 * Writes `index.json`, `junit.xml` and `summary.md` over the runs' folders in `directory`, and returns what the index says.
 *
 * @throws {Error} of `node:fs` when one can't be written.
 */
export async function writeReportIndex(
  directory: string,
  reports: readonly IndexedReport[],
  call: Pick<ReportIndex, 'command' | 'shard'>,
): Promise<ReportIndex> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const index = indexReports(reports, call);
  const junit = renderJunit(withDistinctNames(reports));
  const write = (name: string, text: string): Promise<void> =>
    writeFileAtomic(join(directory, name), text, { mode: 0o644 });
  await write(JUNIT_FILE, junit);
  await write(SUMMARY_FILE, renderIndexMarkdown(index, reports));
  await write(INDEX_FILE, `${JSON.stringify(index, null, 2)}\n`);
  return index;
}

/** `writeSync` may write less than all, on a disk that is nearly full. */
function writeAll(file: number, text: string): void {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest));
}
