import type { CommandContext } from './command-context.ts';

/** How the user started this program, for commands that are printed to be run again. */
export function programName({ env }: Pick<CommandContext, 'env'>): string {
  if (env['npm_lifecycle_event'] === 'scenario') return 'npm run scenario --';
  return env['npm_command'] === 'exec' ? 'npx twinstack' : 'twinstack';
}
