import { basename, join, relative } from 'node:path';
import { annotatorOf } from './annotate.ts';
import { renderMatrix, type CiMatrix, type MatrixFormat } from './ci-matrix.ts';
import type { CommandContext } from './command-context.ts';
import { programName } from './program-name.ts';
import { packageRoot } from '../package-root.ts';
import { lintFiles, type LintedFile } from '../scenario/lint.ts';
import { formatProblem } from '../scenario/problem.ts';
import { shardKey, shardOf } from '../scenario/shard.ts';

const MOST_SHARDS = 1000;

/** Prints scenarios as jobs of a CI system. @returns 0, or 2 when one of them is not valid. */
export async function matrixCommand(
  paths: readonly string[],
  options: { readonly format: MatrixFormat; readonly shards?: string },
  context: CommandContext,
): Promise<number> {
  const { shards } = options;
  if (shards !== undefined && !(/^[1-9]\d*$/.test(shards) && Number(shards) <= MOST_SHARDS)) {
    context.stderr.write(`--shards: "${shards}" is no number from 1 to ${MOST_SHARDS}\n`);
    return 2;
  }
  const named = paths.length > 0 ? paths : [relative(process.cwd(), join(packageRoot(), 'scenarios'))];
  const { files, problems } = await lintFiles(named);
  for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
  annotatorOf(undefined, context).problems(problems);
  if (files.length === 0 || problems.some(({ severity }) => severity === 'error')) return 2;
  const matrix =
    shards === undefined ? scenarioJobs(files) : shardJobs(files, named, Number(shards), context);
  const call = { program: programName(context), paths: named };
  context.stdout.write(renderMatrix(matrix, options.format, call));
  return 0;
}

function nodesOf({ loaded: { scenario } }: LintedFile): number {
  return scenario === null ? 0 : scenario.nodes.controlPlanes + scenario.nodes.workers;
}

function scenarioJobs(files: readonly LintedFile[]): CiMatrix {
  const names = files.map(
    ({ file, loaded }) => loaded.scenario?.name ?? basename(file).replace(/\.ya?ml$/, ''),
  );
  return files.map((linted, index) => {
    const name = names[index] ?? linted.file;
    const distinct = names.indexOf(name) === names.lastIndexOf(name);
    return {
      name: distinct ? name : `${name} (${linted.file})`,
      scenario: linted.file,
      nodes: nodesOf(linted),
    };
  });
}

/** A job without scenarios would only take a machine, so there are no more shards than scenarios. */
function shardJobs(
  files: readonly LintedFile[],
  named: readonly string[],
  wanted: number,
  { stderr }: CommandContext,
): CiMatrix {
  const total = Math.min(wanted, files.length);
  if (total < wanted) stderr.write(`${total} shards instead of ${wanted}: there are no more scenarios\n`);
  const scenarios = files.map((linted) => ({
    key: shardKey(linted.file, named),
    cost: nodesOf(linted),
    file: linted.file,
  }));
  return Array.from({ length: total }, (_, index) => {
    const mine = shardOf(scenarios, { index: index + 1, total });
    return {
      name: `shard ${index + 1} of ${total}`,
      shard: `${index + 1}/${total}`,
      scenarios: mine.map(({ file }) => file),
      nodes: mine.reduce((sum, { cost }) => sum + cost, 0),
    };
  });
}
