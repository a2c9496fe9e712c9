import { judgeLint } from './judge-lint.ts';
import type { LintJudgement } from './judge-lint.ts';
import { findScenarioFiles, loadScenario } from './load-scenario.ts';
import type { LoadedScenario } from './load-scenario.ts';
import type { ParseOptions } from './parse-scenario.ts';
import type { Problem } from './problem.ts';

/** One file, looked at. */
export interface LintedFile {
  readonly file: string;
  readonly loaded: LoadedScenario;
  readonly judgement: LintJudgement;
}

export interface LintResult {
  /** In the order of `findScenarioFiles`. */
  readonly files: readonly LintedFile[];
  /** All that counts: paths that lead nowhere, then file by file what was not expected. Exit status 2 when one is an error. */
  readonly problems: readonly Problem[];
}

/** Checks scenario files and folders of them. Needs no engine and touches nothing. */
export async function lintFiles(paths: readonly string[], options: ParseOptions = {}): Promise<LintResult> {
  const found = await findScenarioFiles(paths);
  const files = await Promise.all(
    found.files.map(async (file): Promise<LintedFile> => {
      const loaded = await loadScenario(file, options);
      return { file, loaded, judgement: judgeLint(loaded) };
    }),
  );
  const problems = [...found.problems, ...files.flatMap(({ judgement }) => judgement.problems)];
  return { files, problems };
}
