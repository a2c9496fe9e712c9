import { z } from 'zod';
import type { ExitCode } from './exit-status.ts';
import { compareRuns, comparisonSchema } from './compare-runs.ts';
import { combineExitCodes } from './exit-status.ts';
import type { Report } from './report.ts';
import { REPORT_SCHEMA_VERSION, reportSchema } from './report.ts';

const count = z.int().nonnegative();

/** The content of `index.json`, and of `run --json` of several scenarios: their runs, and the exit status that they have together. */
export const reportIndexSchema = z
  .object({
    schemaVersion: z.literal(REPORT_SCHEMA_VERSION),
    exitCode: reportSchema.shape.exitCode.describe(
      'The first that occurs of 70, 130 or 143, 4, 124, 3, 1, 5, 2, 0; 0 for an empty shard.',
    ),
    command: z.string().describe('The command that runs the same scenarios again, for a shell.'),
    shard: z
      .object({ index: z.int().positive(), total: z.int().positive() })
      .nullable()
      .describe('Which part of the scenarios this is, counted from 1; null for all of them.'),
    counts: z
      .object({ passed: count, failed: count, error: count, aborted: count, 'timed-out': count })
      .describe('How many runs had each outcome.'),
    runs: z.array(
      z.object({
        runId: z.string(),
        name: z.string().nullable().describe("The scenario's name."),
        file: z.string().nullable(),
        provider: z
          .string()
          .nullable()
          .default(null)
          .describe(
            'Which of several was asked for, else what it ran with; null where it did not come to that.',
          ),
        directory: z.string().describe("The run's report, relative to the index."),
        outcome: reportSchema.shape.outcome,
        exitCode: reportSchema.shape.exitCode,
        timeToDualStackMs: reportSchema.shape.timeToDualStackMs,
        durationMs: reportSchema.shape.durationMs,
        reason: z.string().nullable().describe('Why it did not pass, or was not begun; null when it passed.'),
      }),
    ),
    comparisons: z
      .array(comparisonSchema)
      .default([])
      .describe('Of each scenario that ran with more than one provider: its runs side by side.'),
  })
  .meta({
    title: 'twinstack index',
    description: 'What several runs of one call came to; the report of each is in a folder of its own.',
  });
export type ReportIndex = z.infer<typeof reportIndexSchema>;

/** A report and the folder it is in, relative to the index. */
export interface IndexedReport {
  readonly directory: string;
  /** Which provider the call named for it, of several; null where it named none or one. */
  readonly provider: string | null;
  readonly report: Report;
}

/** The index of these reports, in their order; of none for an empty shard. */
export function indexReports(
  reports: readonly IndexedReport[],
  call: Pick<ReportIndex, 'command' | 'shard'>,
): ReportIndex {
  const codes = reports.map(({ report }): ExitCode => report.exitCode);
  const [first, ...others] = codes;
  const counts = { passed: 0, failed: 0, error: 0, aborted: 0, 'timed-out': 0 };
  for (const { report } of reports) counts[report.outcome] += 1;
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    exitCode: first === undefined ? 0 : combineExitCodes([first, ...others]),
    command: call.command,
    shard: call.shard,
    counts,
    runs: reports.map(({ directory, provider, report }) => ({
      runId: report.runId,
      name: report.scenario?.name ?? null,
      file: report.scenario?.file ?? null,
      provider: provider ?? report.provider?.name ?? null,
      directory,
      outcome: report.outcome,
      exitCode: report.exitCode,
      timeToDualStackMs: report.timeToDualStackMs,
      durationMs: report.durationMs,
      reason: report.failure?.message ?? null,
    })),
    comparisons: compareRuns(reports),
  };
}

/** The reports with names that tell them apart, for formats that know no files: by their provider, and where that is not enough by file. */
export function withDistinctNames(reports: readonly IndexedReport[]): Report[] {
  const named = reports.map(({ provider, report }) => {
    const { scenario } = report;
    if (scenario === null || provider === null) return report;
    return { ...report, scenario: { ...scenario, name: `${scenario.name} on ${provider}` } };
  });
  const names = named.map(({ scenario }) => scenario?.name);
  return named.map((report) => {
    const { scenario } = report;
    if (scenario === null || names.filter((name) => name === scenario.name).length < 2) return report;
    return { ...report, scenario: { ...scenario, name: `${scenario.name} (${scenario.file})` } };
  });
}
