import type { Writable } from 'node:stream';
import type { TerminalStream } from './describe-terminal.ts';
import { describeTerminal } from './describe-terminal.ts';
import { ListrRenderer } from './listr-renderer.ts';
import { PlainRenderer } from './plain-renderer.ts';
import type { Renderer } from './renderer.ts';

/** What decides how runs are shown. */
export interface RendererChoice {
  readonly stderr: Writable & TerminalStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A program reads the results: it wants no drawing beside them. */
  readonly json: boolean;
  /** Show nothing. */
  readonly quiet: boolean;
  /** More than one run at the same time: their lines are told apart by the scenario's name. */
  readonly parallel: boolean;
}

/** A drawing on a terminal that can be drawn on, for one run at a time; lines everywhere else. */
export function chooseRenderer({ stderr, env, json, quiet, parallel }: RendererChoice): Renderer {
  if (quiet) return { handle: () => undefined, close: () => Promise.resolve() };
  const terminal = describeTerminal(stderr, env);
  // CI jobs with a terminal keep what is drawn as a log.
  const draw = terminal.interactive && !json && !parallel && !env['CI'];
  return draw
    ? new ListrRenderer(stderr, terminal)
    : new PlainRenderer(stderr, { colour: terminal.colour, labelRuns: parallel });
}
