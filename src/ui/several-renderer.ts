import { describeTerminal } from './describe-terminal.ts';
import type { RendererChoice } from './choose-renderer.ts';
import { PlainRenderer } from './plain-renderer.ts';
import type { Renderer } from './renderer.ts';
import { SeveralDrawing } from './several-drawing.ts';
import { createPalette } from '../report/palette.ts';
import type { RunEvent } from '../run/event.ts';

/** Shows runs that go on at the same time, told apart by their labels. */
export interface SeveralRenderer {
  /** A view for the run with this label. Closing it closes nothing. */
  as(label: string): Renderer;
  /** Something about a run that is no event of it, such as what it waits for. */
  say(label: string, text: string): void;
  close(): Promise<void>;
}

/** One line a run on a terminal that can be drawn on; labelled lines everywhere else. */
export function chooseSeveralRenderer(
  { stderr, env, json }: Pick<RendererChoice, 'stderr' | 'env' | 'json'>,
  labels: readonly string[],
): SeveralRenderer {
  const terminal = describeTerminal(stderr, env);
  // CI jobs with a terminal keep what is drawn as a log.
  if (terminal.interactive && !json && !env['CI']) return new SeveralDrawing(stderr, terminal, labels);
  const plain = new PlainRenderer(stderr, { colour: terminal.colour, labelRuns: true });
  const palette = createPalette(terminal.colour);
  return {
    as: (label) => ({
      handle: (event) => plain.handle(relabelled(event, label)),
      close: () => Promise.resolve(),
    }),
    say: (label, text) => stderr.write(text === '' ? '\n' : `${palette.bold(`[${label}]`)} ${text}\n`),
    close: () => plain.close(),
  };
}

/** Two files may give the same name; their labels differ. */
function relabelled(event: RunEvent, label: string): RunEvent {
  if (event.type !== 'run-started') return event;
  return { ...event, scenario: { ...event.scenario, name: label } };
}
