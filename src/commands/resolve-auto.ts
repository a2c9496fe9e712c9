import { isInteractive, type CommandContext } from './command-context.ts';
import { describeObstacles, type ObstacleFinder } from './obstacles.ts';
import { CommandError } from '../process/command-runner.ts';
import { FailureError } from '../run/failure.ts';
import { chooseProvider, type Candidate, type ProviderDecision } from '../scenario/choose-provider.ts';
import { judgeLint } from '../scenario/judge-lint.ts';
import { loadScenario, type LoadedScenario } from '../scenario/load-scenario.ts';
import type { ProviderVerdict } from '../scenario/parse-scenario.ts';
import type { Problem } from '../scenario/problem.ts';

/** A scenario file as it was read for `provider: auto`. */
export interface AutoScenario {
  readonly file: string;
  readonly loaded: LoadedScenario;
  /** Overrides that it was read with. */
  readonly overrides: readonly string[];
}

/** Whether a run may set this host up: it was told so, or can ask. */
export function maySetUp(context: CommandContext, yes: boolean | undefined): boolean {
  return yes === true || isInteractive(context);
}

/**
 * Chooses the provider of a scenario for `auto`: all that its rules leave are asked at the same time what keeps it from running there.
 * @returns null for a scenario that names its provider, or that no provider takes.
 */
export async function resolveAuto(
  scenario: AutoScenario,
  finder: ObstacleFinder,
  options: { readonly maySetUp: boolean },
): Promise<ProviderDecision | null> {
  const { loaded } = scenario;
  if (loaded.auto === null || judgeLint(loaded).outcome !== 'accepted') return null;
  const candidates = await Promise.all(loaded.auto.map((verdict) => stateOf(verdict, scenario, finder)));
  return chooseProvider(candidates, options);
}

/** The same scenario for one provider. */
export function loadFor(
  provider: string,
  { file, overrides }: Pick<AutoScenario, 'file' | 'overrides'>,
): Promise<LoadedScenario> {
  return loadScenario(file, { overrides: [...overrides, `provider=${provider}`] });
}

async function stateOf(
  { provider, problems }: ProviderVerdict,
  scenario: AutoScenario,
  finder: ObstacleFinder,
): Promise<Candidate> {
  const refusal = firstError(problems);
  if (refusal !== null) return { provider, state: { is: 'refused', why: refusal } };
  const loaded = await loadFor(provider, scenario);
  if (loaded.scenario === null) {
    return { provider, state: { is: 'refused', why: firstError(loaded.problems) ?? 'it is refused' } };
  }
  try {
    const obstacles = await finder.obstaclesOf(loaded.scenario);
    if (obstacles.length === 0) return { provider, state: { is: 'ready' } };
    const remedies = obstacles.flatMap(({ remedy }) => (remedy === null ? [] : [remedy]));
    const remedy = remedies.length === 0 ? null : remedies.join('; ');
    const fixable = obstacles.every((obstacle) => obstacle.fixable);
    return { provider, state: { is: 'not-ready', why: describeObstacles(obstacles), remedy, fixable } };
  } catch (error) {
    // An engine that answers once and then no more is not one to choose.
    if (!(error instanceof FailureError || error instanceof CommandError)) throw error;
    const remedy = error instanceof FailureError ? error.failure.hint : null;
    return { provider, state: { is: 'not-ready', why: error.message, remedy, fixable: false } };
  }
}

function firstError(problems: readonly Problem[]): string | null {
  const errors = problems.filter(({ severity }) => severity === 'error');
  // What can never be says more than what is not there yet.
  const found = errors.find(({ rule }) => rule !== 'not-yet') ?? errors[0];
  return found === undefined ? null : `${found.path === '' ? '' : `${found.path}: `}${found.message}`;
}

/** That no provider can run a scenario here, with what each lacks and what to do about it. */
export function noProviderFailure({ passedOver }: ProviderDecision): FailureError {
  const causes = passedOver.map(({ provider, why }) => `\n  ${provider}: ${why}`).join('');
  const remedies = passedOver.flatMap(({ provider, remedy }) =>
    remedy === null ? [] : [`\n  ${provider}: ${remedy}`],
  );
  return new FailureError({
    class: 'preflight',
    step: 'preflight',
    message: `no provider can run this scenario here:${causes}`,
    hint: `Make one of them ready; \`--yes\` sets up what commands can.${remedies.join('')}`,
  });
}
