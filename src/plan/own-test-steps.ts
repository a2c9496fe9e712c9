import type { OwnTestCheck } from '../checks/planned-check.ts';
import type { Step } from './plan.ts';
import type { OwnTest } from '../scenario/scenario.ts';

/**
 * The user's tests as steps: one after the other, as they may disturb each other, and when every check of ours is done, so that
 * they can't disturb those. A check that failed keeps no test from running: a step that failed does.
 */
export function ownTestSteps(tests: readonly OwnTest[], checkSteps: readonly Step[]): Step[] {
  const ours = checkSteps.map(({ id }) => id);
  const checks = tests.map(ownTestCheck);
  return checks.map((check, index) => {
    const before = checks[index - 1];
    return {
      id: stepId(check),
      phase: 'verify',
      title: `test ${tests[index]?.name ?? ''}`,
      needs: before === undefined ? ours : [stepId(before)],
      actions: [{ kind: 'check', check }],
    };
  });
}

function ownTestCheck(
  { name, command, cwd, env, timeoutMs }: OwnTest,
  index: number,
): OwnTestCheck & { id: string } {
  const number = index + 1;
  return {
    type: 'own-test',
    id: `test/${name}/both/exit-status`,
    timeoutMs,
    number,
    command,
    cwd,
    env,
    log: `tests/${number}-${name}.log`,
  };
}

function stepId({ id }: { readonly id: string }): string {
  return `verify/${id}`;
}
