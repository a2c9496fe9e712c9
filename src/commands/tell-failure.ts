import type { CommandContext } from './command-context.ts';
import type { Failure } from '../run/failure.ts';

/** A refusal's message and way out, on the screen. */
export function tellFailure(context: CommandContext, { message, hint }: Failure): void {
  context.stderr.write(`${message}\n${hint === null ? '' : `${hint}\n`}`);
}
