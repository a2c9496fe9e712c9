import { formatSeconds } from './format-duration.ts';
import { oneLine } from './printable.ts';
import { PHASES } from '../run/event.ts';
import type { ComparedRun, Comparison } from './compare-runs.ts';

/** One line of a comparison: what is compared, and what each run has, in the order of its providers. */
export interface ComparisonRow {
  readonly label: string;
  readonly cells: readonly string[];
  /** What should be the same with each provider is not. */
  readonly differs: boolean;
}

const NOTHING = '-';

/** What the runs were, how long they took, and the checks in which they differ; what is alike in all is counted. */
export function comparisonRows(comparison: Comparison): ComparisonRow[] {
  const { runs, checks } = comparison;
  const differs = (about: string, id: string | null = null): boolean =>
    comparison.differences.some((difference) => difference.about === about && difference.id === id);
  const row = (
    label: string,
    of: (run: ComparedRun) => string | null,
    isDifference = false,
  ): ComparisonRow => ({
    label,
    cells: runs.map((run) => oneLine(of(run) ?? NOTHING)),
    differs: isDifference,
  });
  const time = (label: string, of: (run: ComparedRun) => number | null | undefined): ComparisonRow =>
    row(label, (run) => durationOf(of(run)));
  const phases = PHASES.filter((name) => runs.some((run) => run.phases.some((phase) => phase.name === name)));
  const rows = [
    row(
      'outcome',
      ({ outcome, exitCode }) => (exitCode === 0 ? outcome : `${outcome} (${exitCode})`),
      differs('outcome'),
    ),
    row('engine', ({ engine }) => engine),
    row(
      'distribution',
      ({ distribution }) => distribution && `${distribution.name} ${distribution.version}`,
      differs('distribution'),
    ),
    row('image', ({ image }) => image && image.source),
    time('set-up', ({ setupMs }) => setupMs),
    time('image ready', ({ imageMs }) => imageMs),
    ...phases
      .filter((name) => name !== 'image')
      .map((name) =>
        time(`phase ${name}`, (run) => run.phases.find((phase) => phase.name === name)?.durationMs),
      ),
    time('time to dual-stack', ({ timeToDualStackMs }) => timeToDualStackMs),
    time('took', ({ durationMs }) => durationMs),
    row('checks', ({ checks: counted }) => counted),
    ...checks
      .filter(({ id }) => differs('check', id))
      .map(({ id, outcomes }) =>
        row(id, ({ provider }) => outcomes[provider]?.replace('-', ' ') ?? 'no such check', true),
      ),
  ];
  return rows.filter(
    ({ cells, differs: isDifference }) => isDifference || cells.some((cell) => cell !== NOTHING),
  );
}

/** How much is the same, and how much is not, in a sentence. */
export function comparisonSummary({ runs, checks, differences }: Comparison): string {
  const unlike = new Set(differences.flatMap(({ about, id }) => (about === 'check' ? [id] : [])));
  const without = runs.filter(
    (run) => !checks.some(({ outcomes }) => (outcomes[run.provider] ?? null) !== null),
  );
  const asked = runs.length - without.length;
  const alike = checks.length - unlike.size;
  const parts = [
    differences.length === 0
      ? 'no difference'
      : `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`,
    ...(asked > 1 ? [`${alike} of ${checks.length} checks have the same outcome with each provider`] : []),
    ...(asked > 1 && without.length > 0 ? [`${listOf(without)} had no checks`] : []),
    ...(asked < 2 ? ['there are no checks to compare'] : []),
  ];
  return parts.join('; ');
}

/** `lxd, incus and kind` */
export function listOf(runs: readonly ComparedRun[]): string {
  const names = runs.map(({ provider }) => provider);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Why each run that did not pass did not, in a line. */
export function comparisonReasons({ runs }: Comparison): string[] {
  return runs.flatMap(({ provider, reason, exitCode }) =>
    reason === null ? [] : [`${provider} (exit status ${exitCode}): ${oneLine(reason)}`],
  );
}

function durationOf(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : formatSeconds(ms);
}
