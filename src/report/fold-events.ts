import type { CleanupResult, RunEvent } from '../run/event.ts';
import { assembleReport } from './assemble-report.ts';
import type { Report } from './report.ts';

/** What is known of a run beside its events. */
export interface KnownOfRun {
  readonly runId: string;
  readonly startedAt: string;
  /** What became of its resources, where that is known since. */
  readonly cleanup: CleanupResult | null;
  readonly provider: string | null;
}

/** The report of a run that wrote none: of what its events tell, as far as they go. Nodes, host and image are not among that. */
export function foldEvents(events: readonly RunEvent[], known: KnownOfRun): Report {
  const started = events.find((event) => event.type === 'run-started');
  const request = started?.request;
  const report = assembleReport(events, {
    runId: known.runId,
    version: request?.version ?? 'unknown',
    startedAt: events[0]?.at ?? known.startedAt,
    scenario: started === undefined ? null : { ...started.scenario, sha256: request?.sha256 ?? 'unknown' },
    provider: known.provider === null ? null : { name: known.provider, version: 'unknown' },
    distribution: request?.distribution ?? null,
    families: request?.families ?? [],
    ranges: request === undefined ? null : { pods: request.pods, services: request.services, nodes: [] },
    repeat: null,
    host: null,
    image: null,
    nodes: [],
    setupMs: null,
    plannedChecks: request?.checks ?? [],
    expect: 'passed',
    brokenRules: [],
    ending: null,
  });
  return known.cleanup === null
    ? report
    : { ...report, cleanup: { outcome: known.cleanup.outcome, leaked: [] } };
}
