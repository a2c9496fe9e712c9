import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createWorkbench, providerNamed, type CommandContext } from './command-context.ts';
import { RunNotFoundError, type RunRecord } from '../run/run-store.ts';
import type { ProviderName } from '../scenario/scenario.ts';

const LOGS_TIMEOUT_MS = 60_000;

/** The run that a word means; what else there is, is told where there is none. */
export async function findRun(name: string, context: CommandContext): Promise<RunRecord | null> {
  try {
    return await createWorkbench(context).store.find(name);
  } catch (error) {
    if (!(error instanceof RunNotFoundError)) throw error;
    context.stderr.write(`${error.message}\n`);
    return null;
  }
}

/** The node that a word means: its whole name, or what follows the run; without a word the first control plane. */
async function findNode(
  runName: string,
  name: string | undefined,
  context: CommandContext,
): Promise<{ readonly node: string; readonly provider: ProviderName } | null> {
  const run = await findRun(runName, context);
  if (run === null) return null;
  const node = run.nodes.find(
    (candidate) => name === undefined || [candidate.name, candidate.shortName].includes(name),
  );
  if (node !== undefined && run.state !== 'finished') return { node: node.name, provider: run.provider };
  const there = run.nodes.map(({ shortName }) => shortName).join(', ') || 'none';
  context.stderr.write(
    run.state === 'finished'
      ? `run ${run.runId} was removed; keep the next one with --keep always\n`
      : `run ${run.runId} has no node "${name}"; its nodes: ${there}\n`,
  );
  return null;
}

/** Prints a kept run's kubeconfig to standard output. @returns 0, or 2 when there is none. */
export async function kubeconfigCommand(name: string, context: CommandContext): Promise<number> {
  const run = await findRun(name, context);
  if (run === null) return 2;
  const file = createWorkbench(context).store.kubeconfigFile(run.runId);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) {
    context.stderr.write(
      `run ${run.runId} has no kubeconfig any more; keep the next one with --keep always\n`,
    );
    return 2;
  }
  context.stdout.write(text);
  return 0;
}

/** Prints a node's journal. @returns 0, or 2 when there is no such node. */
export async function logsCommand(
  name: string,
  nodeName: string | undefined,
  context: CommandContext,
): Promise<number> {
  const found = await findNode(name, nodeName, context);
  if (found === null) return 2;
  const provider = providerNamed(found.provider, createWorkbench(context));
  await provider.node(found.node).run('journalctl', ['--boot', '--no-pager'], {
    timeoutMs: LOGS_TIMEOUT_MS,
    signal: context.interrupted,
    onLine: (line) => context.stdout.write(`${line}\n`),
  });
  return 0;
}

/** Opens a shell in a node, on this terminal. @returns the shell's status, or 2 when there is no such node. */
export async function shellCommand(
  name: string,
  nodeName: string | undefined,
  context: CommandContext,
): Promise<number> {
  const found = await findNode(name, nodeName, context);
  if (found === null) return 2;
  const [file, ...args] = providerNamed(found.provider, createWorkbench(context)).shellCommand(found.node);
  if (file === undefined) return 2;
  // The terminal is the shell's until it ends, its Ctrl-C too.
  const child = spawn(file, args, { stdio: 'inherit' });
  const [status] = (await once(child, 'close')) as [number | null];
  return status ?? 130;
}
