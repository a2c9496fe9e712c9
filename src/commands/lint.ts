import { annotatorOf } from './annotate.ts';
import type { AnnotationChoice } from './run-options.ts';
import { print, type CommandContext } from './command-context.ts';
import { lintFiles } from '../scenario/lint.ts';
import { formatProblem } from '../scenario/problem.ts';

/** Checks scenario files alone; needs no engine. @returns 0, or 2 when something must be changed. */
export async function lintCommand(
  paths: readonly string[],
  options: {
    readonly json?: boolean;
    readonly set?: readonly string[];
    readonly annotations?: AnnotationChoice;
  },
  context: CommandContext,
): Promise<number> {
  const { files, problems } = await lintFiles(paths, { overrides: options.set ?? [] });
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  print(
    context,
    options.json,
    { files: files.map(({ file }) => file), problems },
    problems.map(formatProblem),
  );
  annotatorOf(options.annotations, context).problems(problems);
  const looked = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
  const found = `${errors} ${errors === 1 ? 'error' : 'errors'}, ${problems.length - errors} warnings`;
  context.stderr.write(`${looked}, ${found}\n`);
  return errors > 0 || files.length === 0 ? 2 : 0;
}
