import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readWrittenReport, reportFolder } from './real-engine.ts';
import { ROOT, startEntry } from '../support/run-entry.ts';
import { reportIndexSchema } from '../../src/report/report-index.ts';
import type { Report } from '../../src/report/report.ts';
import type { ScenarioInput } from '../../src/scenario/schema.ts';

/** A scenario that comes with the repository, and what is different. */
export interface Form {
  readonly shipped: string;
  readonly change?: ScenarioInput;
}

/** Several scenarios in one call, a few at a time, by their names. */
export interface FormRuns<Name extends string> {
  readonly stderr: string;
  /** The folder of a run's report. */
  readonly folder: (name: Name) => string;
  readonly report: (name: Name) => Report;
}

/** Runs every form with the same options, in labs without a way out. */
export async function runForms<Name extends string>(
  forms: Readonly<Record<Name, Form>>,
  options: readonly string[],
  meanwhile: (running: Pick<ReturnType<typeof startEntry>, 'stderrMatches'>) => Promise<void> = () =>
    Promise.resolve(),
): Promise<FormRuns<Name>> {
  const folder = mkdtempSync(join(tmpdir(), 'twinstack-forms-'));
  const files = Object.entries<Form>(forms).map(([name, { shipped, change }]) => {
    const file = join(folder, `${name}.yaml`);
    const original = parse(readFileSync(join(ROOT, 'scenarios', `${shipped}.yaml`), 'utf8')) as ScenarioInput;
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ ...original, ...change, name }));
    return file;
  });
  const reports = reportFolder();
  const common = ['--no-egress', '--parallel', '3', '--report-dir', reports];
  const running = startEntry(['run', ...files, ...options, ...common]);
  await meanwhile(running);
  const { stderr } = await running.result;
  const index = reportIndexSchema.parse(JSON.parse(readFileSync(join(reports, 'index.json'), 'utf8')));
  const folderOf = (name: Name): string =>
    join(reports, index.runs.find((run) => run.name === name)?.directory ?? 'not in the index');
  return { stderr, folder: folderOf, report: (name) => readWrittenReport(folderOf(name)) };
}
