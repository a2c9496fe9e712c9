import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isInteractive, type CommandContext } from './command-context.ts';
import { tellFailure } from './tell-failure.ts';
import { packageRoot } from '../package-root.ts';
import { FailureError } from '../run/failure.ts';
import { composeScenario, type ScenarioWishes } from '../scenario/compose-scenario.ts';
import { parseScenario } from '../scenario/parse-scenario.ts';
import { formatProblem } from '../scenario/problem.ts';
import { DEFAULT_KUBERNETES_VERSION, SUPPORTED_KUBERNETES_VERSIONS } from '../scenario/supported-versions.ts';
import { askOn, type Choice } from '../ui/ask.ts';
import type { IPFamily } from '../scenario/scenario.ts';

/** The families to ask for, as `--families` writes them: the primary one first. */
type FamilyOrder = 'IPv4,IPv6' | 'IPv6,IPv4' | 'IPv4' | 'IPv6';
type Egress = ScenarioWishes['egress'];

/** The options of `init`; each answers one of its questions. */
export interface InitOptions {
  readonly families?: FamilyOrder;
  readonly workers?: string;
  readonly kubernetes?: string;
  readonly egress?: Egress;
  /** Takes the default of everything that no option says. */
  readonly yes?: boolean;
}

const FAMILY_CHOICES: readonly Choice<FamilyOrder>[] = [
  { name: 'IPv4 and IPv6, IPv4 first', value: 'IPv4,IPv6', disabled: null },
  { name: 'IPv6 and IPv4, IPv6 first', value: 'IPv6,IPv4', disabled: null },
  { name: 'IPv4 alone', value: 'IPv4', disabled: null },
  { name: 'IPv6 alone', value: 'IPv6', disabled: null },
];
const EGRESS_CHOICES: readonly Choice<Egress>[] = [
  { name: 'no: nothing of the lab gets out', value: 'blocked', disabled: null },
  { name: "yes, by the host's address", value: 'open', disabled: null },
];

function workersProblem(text: string): string | null {
  return /^\d{1,2}$/.test(text.trim()) ? null : 'write a number from 0 to 99';
}

function fileProblem(text: string): string | null {
  return /\.ya?ml$/i.test(text.trim()) ? null : 'write the name of a .yaml file';
}

/** Asks what options leave open; without a terminal and without `--yes` the first such question is exit status 2. */
async function askWishes(
  written: string | undefined,
  options: InitOptions,
  context: CommandContext,
): Promise<{ file: string; wishes: ScenarioWishes }> {
  const questions = askOn({ ...context, signal: context.interrupted });
  const decide = async <T>(given: T | undefined, fallback: T, ask: () => Promise<T>): Promise<T> =>
    given ?? (options.yes === true ? fallback : await ask());
  const versions = SUPPORTED_KUBERNETES_VERSIONS.map((value) => ({ name: value, value, disabled: null }));
  const file = await decide(written, 'scenario.yaml', () =>
    questions.text('Which file?', {
      suggestion: 'scenario.yaml',
      validate: fileProblem,
      flag: '`init FILE`',
    }),
  );
  const families = await decide(options.families, 'IPv4,IPv6', () =>
    questions.choose('Which families?', FAMILY_CHOICES, '--families'),
  );
  const workers = await decide(options.workers, '0', () =>
    questions.text('How many workers beside the control plane?', {
      suggestion: '0',
      validate: workersProblem,
      flag: '--workers',
    }),
  );
  const kubernetesVersion = await decide(options.kubernetes, DEFAULT_KUBERNETES_VERSION, () =>
    questions.choose('Which Kubernetes?', versions, '--kubernetes'),
  );
  const egress = await decide(options.egress, 'blocked', () =>
    questions.choose('May nodes reach what lies outside the lab?', EGRESS_CHOICES, '--egress'),
  );
  const schema = relative(dirname(resolve(file)), join(packageRoot(), 'schemas', 'scenario.schema.json'));
  return {
    file,
    wishes: {
      name: basename(file).replace(/\.ya?ml$/i, ''),
      families: families.split(',') as IPFamily[],
      workers: Number(workers),
      kubernetesVersion,
      egress,
      schema,
    },
  };
}

/**
 * Writes a scenario file from a few answers; a file that is there is never changed.
 * @returns 0; 2 for an answer that makes no scenario, for a question that nobody answers, and for a file that exists.
 */
export async function initCommand(
  file: string | undefined,
  options: InitOptions,
  context: CommandContext,
): Promise<number> {
  let chosen = file;
  try {
    const wrong =
      (file === undefined ? null : fileProblem(file)) ??
      (options.workers === undefined ? null : workersProblem(options.workers));
    if (wrong !== null) {
      context.stderr.write(`${wrong}\n`);
      return 2;
    }
    const asked = await askWishes(file, options, context);
    chosen = asked.file;
    const text = composeScenario(asked.wishes);
    const { problems } = parseScenario(text, asked.file);
    for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
    if (problems.some(({ severity }) => severity === 'error')) return 2;
    await mkdir(dirname(resolve(asked.file)), { recursive: true });
    await writeFile(asked.file, text, { flag: 'wx' });
    context.stdout.write(`${asked.file}\n`);
    if (isInteractive(context)) context.stderr.write(`Next: npm run scenario -- run ${asked.file}\n`);
    return 0;
  } catch (error) {
    if (error instanceof FailureError) {
      tellFailure(context, error.failure);
      return error.failure.class === 'interrupted' ? 130 : 2;
    }
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EEXIST') {
      context.stderr.write(`${chosen ?? ''} exists already, and is left as it is: name another file\n`);
      return 2;
    }
    if (typeof code !== 'string') throw error;
    context.stderr.write(`the file could not be written: ${(error as Error).message}\n`);
    return 2;
  }
}
