import { createWorkbench, print, type CommandContext } from './command-context.ts';
import { listOwnedRuns, removeOwnedRun, type OwnedRun } from './owned-runs.ts';
import { tellFailure } from './tell-failure.ts';
import { cacheLines, listCaches, removeCaches } from './caches.ts';
import { alignColumns } from '../report/columns.ts';

interface OutputOptions {
  readonly json?: boolean;
}

/** Tells why engines could not be asked, each once. */
function tellUnreachable(context: CommandContext, runs: readonly OwnedRun[]): void {
  const told = new Set<string>();
  for (const { provider, unreachable } of runs) {
    if (unreachable === null || told.has(provider)) continue;
    told.add(provider);
    tellFailure(context, unreachable);
  }
}

/** Lists what we own on this host. @returns 0, or 5 when the engine that a journal names can't be asked. */
export async function psCommand(
  options: OutputOptions & { readonly caches?: boolean },
  context: CommandContext,
): Promise<number> {
  const runs = await listOwnedRuns(context, createWorkbench(context));
  const caches =
    options.caches === true ? await listCaches(createWorkbench(context), context.interrupted) : [];
  const rows = runs.map(({ runId, record, resources, state, reason, unreachable }) => [
    runId,
    record?.scenario.name ?? '(unknown)',
    state,
    unreachable === null ? `${resources.length} objects` : 'not known',
    reason,
  ]);
  const lines = [
    ...(rows.length === 0
      ? ['no runs']
      : alignColumns([['RUN', 'SCENARIO', 'STATE', 'OWNS', 'WHY'], ...rows], { width: null, indent: 0 })),
    ...(caches.length === 0 ? [] : cacheLines(caches)),
  ];
  print(context, options.json, { runs, caches }, lines);
  tellUnreachable(context, runs);
  return runs.some(({ unreachable }) => unreachable !== null) ? 5 : 0;
}

/** Removes a run, or all of them; one whose process is at work is left to it. @returns 0, 2 for no such run, 5 when something stays. */
export async function downCommand(
  name: string | undefined,
  options: OutputOptions & { readonly all?: boolean },
  context: CommandContext,
): Promise<number> {
  if ((name === undefined) === (options.all !== true)) {
    context.stderr.write('down takes a run or --all\n');
    return 2;
  }
  const runs = await listOwnedRuns(context, createWorkbench(context));
  const chosen = name === undefined ? runs : pick(runs, name);
  if (chosen.length === 0 && name !== undefined) {
    const there = runs.map(({ runId }) => runId).join(', ') || 'none';
    context.stderr.write(`nothing of a run "${name}" is here; there is: ${there}\n`);
    return 2;
  }
  return removeAll(chosen, options, context, (run) =>
    run.state === 'running'
      ? `${run.runId} is at work (${run.reason}): end it with Ctrl-C, it cleans up itself`
      : null,
  );
}

/** Removes what its owners left behind: dead runs, and with `--caches` what stays on purpose. @returns 0, or 5 when something stays. */
export async function gcCommand(
  options: OutputOptions & { readonly caches?: boolean },
  context: CommandContext,
): Promise<number> {
  const runs = await listOwnedRuns(context, createWorkbench(context));
  const dead = runs.filter(({ state }) => state === 'dead');
  const status = await removeAll(dead, options, context, () => null);
  if (options.caches !== true) return status;
  if (runs.length > dead.length) {
    context.stderr.write('the caches are in use by runs that are at work or kept; see `ps`\n');
    return 5;
  }
  const say = (line: string): boolean => context.stderr.write(`${line}\n`);
  const errors = await removeCaches(createWorkbench(context), context.interrupted, say);
  for (const error of errors) say(error);
  return errors.length === 0 ? status : 5;
}

/** The runs that a word means: an id, the beginning of one id, or a scenario's name. */
function pick(runs: readonly OwnedRun[], name: string): OwnedRun[] {
  const exact = runs.filter(({ runId }) => runId === name);
  if (exact.length > 0) return exact;
  const byPrefix = runs.filter(({ runId }) => runId.startsWith(name));
  if (byPrefix.length === 1) return byPrefix;
  return runs.filter(({ record }) => record?.scenario.name === name);
}

async function removeAll(
  runs: readonly OwnedRun[],
  options: OutputOptions,
  context: CommandContext,
  refuse: (run: OwnedRun) => string | null,
): Promise<number> {
  const workbench = createWorkbench(context);
  tellUnreachable(context, runs);
  const removed: { runId: string; outcome: string; leaked: readonly unknown[] }[] = [];
  let status = 0;
  for (const run of runs) {
    const refusal = refuse(run);
    if (refusal !== null) {
      context.stderr.write(`${refusal}\n`);
      status = 2;
      continue;
    }
    // What the engine can't be asked about may still be there: a leak until shown otherwise.
    if (run.unreachable !== null) {
      context.stderr.write(`${run.runId} stays: its engine, ${run.provider}, can't be reached\n`);
      removed.push({
        runId: run.runId,
        outcome: 'incomplete',
        leaked: workbench.store.journalOf(run.runId).remaining(),
      });
      status = 5;
      continue;
    }
    const { outcome, leaked, errors } = await removeOwnedRun(run, context, workbench);
    removed.push({ runId: run.runId, outcome, leaked });
    if (outcome === 'complete') continue;
    status = 5;
    for (const error of errors) context.stderr.write(`${error}\n`);
  }
  const lines = removed.map(
    ({ runId, outcome }) =>
      `${runId}  ${outcome === 'complete' ? 'removed' : 'could not be removed entirely'}`,
  );
  print(context, options.json, { removed }, lines.length === 0 ? ['nothing to remove'] : lines);
  return status;
}
