import { z } from 'zod';
import type { ExitCode } from './exit-status.ts';
import { combineExitCodes } from './exit-status.ts';
import type { Report } from './report.ts';
import { REPORT_SCHEMA_VERSION, reportSchema } from './report.ts';

/** The content of `index.json`: several runs, and the exit status that they have together. */
export const reportIndexSchema = z.object({
  schemaVersion: z.literal(REPORT_SCHEMA_VERSION),
  exitCode: reportSchema.shape.exitCode,
  runs: z.array(
    z.object({
      runId: z.string(),
      scenario: z.string().nullable(),
      outcome: reportSchema.shape.outcome,
      exitCode: reportSchema.shape.exitCode,
      durationMs: z.number().nonnegative(),
      directory: z.string().describe('Of the run, relative to the index.'),
    }),
  ),
});
export type ReportIndex = z.infer<typeof reportIndexSchema>;

/** A report and the folder it is in, relative to the index. */
export interface IndexedReport {
  readonly directory: string;
  readonly report: Report;
}

/** The index of one or more reports, in their order. */
export function indexReports(reports: readonly [IndexedReport, ...IndexedReport[]]): ReportIndex {
  const [first, ...others] = reports;
  const codes: [ExitCode, ...ExitCode[]] = [
    first.report.exitCode,
    ...others.map(({ report }) => report.exitCode),
  ];
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    exitCode: combineExitCodes(codes),
    runs: reports.map(({ directory, report: { runId, scenario, outcome, exitCode, durationMs } }) => ({
      runId,
      scenario: scenario?.name ?? null,
      outcome,
      exitCode,
      durationMs,
      directory,
    })),
  };
}
