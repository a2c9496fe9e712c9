import { z } from 'zod';
import { countOutcomes } from './describe-run.ts';
import { reportSchema, type Report } from './report.ts';
import type { IndexedReport } from './report-index.ts';

const { outcome, exitCode, runId, durationMs, setupMs, imageMs, timeToDualStackMs, distribution } =
  reportSchema.shape;

const comparedRunSchema = z.object({
  provider: z.string(),
  runId,
  directory: z.string().describe("The run's report, relative to the index."),
  outcome,
  exitCode,
  reason: z.string().nullable().describe('Why it did not pass; null when it passed.'),
  engine: z.string().nullable().describe('Name and version; null where the run ended before it was asked.'),
  distribution,
  image: z.object({ key: z.string(), source: z.string() }).nullable(),
  setupMs,
  imageMs,
  timeToDualStackMs,
  durationMs,
  phases: z.array(z.object({ name: z.string(), durationMs })),
  checks: z.string().describe('How many there were of each outcome, in words.'),
});

const valuesSchema = z
  .record(z.string(), z.string().nullable())
  .describe('By provider; null where that run has none.');

/** One scenario that ran with several providers of the same call. */
export const comparisonSchema = z.object({
  name: z.string().describe("The scenario's name."),
  file: z.string(),
  runs: z.array(comparedRunSchema).describe('In the order in which the providers were named.'),
  checks: z
    .array(z.object({ id: z.string(), outcomes: valuesSchema }))
    .describe('Every check that any of the runs had, by its id.'),
  differences: z
    .array(
      z.object({
        about: z.enum(['outcome', 'distribution', 'check']),
        id: z.string().nullable().describe("The check's id; null for what is not about a check."),
        values: valuesSchema,
      }),
    )
    .describe(
      'What is not the same with each provider. Durations and engines never are; a run without checks has none to differ in.',
    ),
});
export type Comparison = z.infer<typeof comparisonSchema>;
export type ComparedRun = z.infer<typeof comparedRunSchema>;
export type Difference = Comparison['differences'][number];

/** Lines up the runs of each scenario that ran with more than one provider; nothing of the others. */
export function compareRuns(reports: readonly IndexedReport[]): Comparison[] {
  const byFile = new Map<string, IndexedReport[]>();
  for (const indexed of reports) {
    const file = indexed.report.scenario?.file;
    if (file === undefined || indexed.provider === null) continue;
    byFile.set(file, [...(byFile.get(file) ?? []), indexed]);
  }
  return [...byFile].flatMap(([file, indexed]) => (indexed.length < 2 ? [] : [compare(file, indexed)]));
}

function compare(file: string, indexed: readonly IndexedReport[]): Comparison {
  const runs = indexed.map(({ provider, directory, report }) =>
    comparedRun(provider ?? '', directory, report),
  );
  const ids = [...new Set(indexed.flatMap(({ report }) => report.checks.map(({ id }) => id)))];
  const checks = ids.map((id) => ({
    id,
    outcomes: byProvider(indexed, ({ checks: own }) => own.find((check) => check.id === id)?.outcome ?? null),
  }));
  return {
    name: indexed.find(({ report }) => report.scenario?.name !== file)?.report.scenario?.name ?? file,
    file,
    runs,
    checks,
    differences: differencesOf(indexed, checks),
  };
}

function comparedRun(provider: string, directory: string, report: Report): ComparedRun {
  const { host, image, failure, phases, checks } = report;
  return {
    provider,
    runId: report.runId,
    directory,
    outcome: report.outcome,
    exitCode: report.exitCode,
    reason: failure?.message ?? null,
    engine: host?.engine ?? null,
    distribution: report.distribution,
    image: image === null ? null : { key: image.key, source: image.source },
    setupMs: report.setupMs,
    imageMs: report.imageMs,
    timeToDualStackMs: report.timeToDualStackMs,
    durationMs: report.durationMs,
    phases: phases.map(({ name, durationMs: took }) => ({ name, durationMs: took })),
    checks: countOutcomes(checks),
  };
}

function differencesOf(indexed: readonly IndexedReport[], checks: Comparison['checks']): Difference[] {
  const about = (kind: 'outcome' | 'distribution', of: (report: Report) => string | null): Difference[] => {
    const values = byProvider(indexed, of);
    const known = Object.values(values).filter((value) => value !== null);
    return isSame(known) ? [] : [{ about: kind, id: null, values }];
  };
  // A run that was refused, or could not begin, differs in its outcome. It has no opinion on any check.
  const asked = indexed.filter(({ report }) => report.checks.length > 0).map(({ provider }) => provider);
  const differing = checks.filter(
    ({ outcomes }) => !isSame(asked.map((provider) => outcomes[provider ?? ''] ?? null)),
  );
  return [
    ...about('outcome', (report) => report.outcome),
    ...about('distribution', ({ distribution: made }) =>
      made === null ? null : `${made.name} ${made.version}`,
    ),
    ...differing.map(({ id, outcomes }): Difference => ({ about: 'check', id, values: outcomes })),
  ];
}

function byProvider<T>(indexed: readonly IndexedReport[], of: (report: Report) => T): Record<string, T> {
  return Object.fromEntries(indexed.map(({ provider, report }) => [provider ?? '', of(report)]));
}

function isSame(values: readonly unknown[]): boolean {
  return values.every((value) => value === values[0]);
}
