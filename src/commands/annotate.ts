import { isAbsolute, relative, resolve } from 'node:path';
import type { CommandContext } from './command-context.ts';
import type { AnnotationChoice } from './run-options.ts';
import { githubCommand, type Annotation } from '../report/annotations.ts';
import { placeOf, placeOfCheck } from '../scenario/place-of-check.ts';
import type { LoadedScenario } from '../scenario/load-scenario.ts';
import type { Position, Problem } from '../scenario/problem.ts';
import type { Report } from '../report/report.ts';

/** Tells a CI system what is wrong, at the scenario's lines. */
export interface Annotator {
  /** What is wrong with files. */
  problems(problems: readonly Problem[]): void;
  /** What failed in a run, but for its file's problems. `loaded` is the file as it was read. */
  report(report: Report, loaded: Pick<LoadedScenario, 'text'> | null): void;
}

/** Annotations as `--annotations` says; by itself under GitHub Actions alone. They go to standard error: standard output is for results. */
export function annotatorOf(choice: AnnotationChoice | undefined, context: CommandContext): Annotator {
  const { env, stderr } = context;
  if ((choice ?? (env['GITHUB_ACTIONS'] === 'true' ? 'github' : 'none')) === 'none') {
    return { problems: () => undefined, report: () => undefined };
  }
  const tell = (annotation: Omit<Annotation, 'file' | 'line' | 'column'>, place: Position): void => {
    const { line, column } = place;
    const file = inRepository(place.file, env['GITHUB_WORKSPACE']);
    stderr.write(`${githubCommand({ ...annotation, file, line, column })}\n`);
  };
  return {
    problems: (problems) => {
      for (const { severity, rule, path, message, position } of problems) {
        tell(
          { level: severity, title: `rule ${rule}`, message: path === '' ? message : `${path}: ${message}` },
          position,
        );
      }
    },
    report: ({ outcome, scenario, checks, failure }, loaded) => {
      // A refused file's problems have been told; and in a run that passed only what was expected failed.
      if (scenario === null || outcome === 'passed' || failure === null || failure.class === 'usage') return;
      const { name, file } = scenario;
      const text = loaded?.text ?? '';
      const failed = checks.filter((check) => check.outcome === 'failed');
      for (const { id, reason } of failed) {
        const title = `${name}: check failed`;
        tell(
          { level: 'error', title, message: `${id}: ${reason ?? 'no reason given'}` },
          placeOfCheck(id, text, file),
        );
      }
      if (failed.length > 0 && failure.class === 'check') return;
      const message = [failure.message, failure.hint].filter((part) => part !== null).join('\n');
      const place = placeOf(failure.class === 'timeout' ? [['timeout']] : [], text, file);
      tell({ level: 'error', title: `${name}: ${failure.class} in ${failure.step}`, message }, place);
    },
  };
}

/** A path as annotations want it: from the repository's root. What lies outside stays as it is. */
function inRepository(file: string, workspace: string | undefined): string {
  if (workspace === undefined) return file;
  const path = relative(workspace, resolve(file));
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}
