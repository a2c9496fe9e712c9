import { createPalette } from '../report/palette.ts';
import type { RunEvent } from '../run/event.ts';
import type { RunFinished } from './closing-lines.ts';
import { closingLines } from './closing-lines.ts';
import type { Terminal } from './describe-terminal.ts';
import { PlainRenderer } from './plain-renderer.ts';
import type { Renderer } from './renderer.ts';
import { RunDrawing } from './run-drawing.ts';
import type { ScreenStream } from './tree-screen.ts';

/** A run that is on the screen, or waits for the one before it to leave it. */
interface OpenRun {
  readonly drawing: RunDrawing;
  /** Resolves when the drawing has begun, or could not. */
  readonly ready: Promise<void>;
  readonly leave: () => void;
}

/** Draws runs on a terminal, one at a time. What can't be drawn is written as lines. */
export class ListrRenderer implements Renderer {
  readonly #stream: ScreenStream;
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #plain: PlainRenderer;
  readonly #runs = new Map<string, OpenRun>();
  /** Runs that could not be drawn. */
  readonly #undrawable = new Set<string>();
  /** Resolves when the screen is free. */
  #free: Promise<void> = Promise.resolve();

  /** @param now Milliseconds since the epoch: how long a step takes is told while it does. */
  constructor(stream: ScreenStream, terminal: Terminal, now: () => number = Date.now) {
    this.#stream = stream;
    this.#terminal = terminal;
    this.#now = now;
    // It also keeps an error of the stream from ending the process.
    this.#plain = new PlainRenderer(stream, { colour: terminal.colour, labelRuns: false });
  }

  handle(event: RunEvent): void {
    if (!this.#undrawable.has(event.runId) && this.#draw(event)) return;
    this.#plain.handle(event);
  }

  async close(): Promise<void> {
    for (const [runId, run] of this.#runs) this.#finish(runId, run, null);
    await this.#free;
  }

  /** False when it can't be drawn, and the run's drawing is given up. */
  #draw(event: RunEvent): boolean {
    const run = this.#runs.get(event.runId) ?? this.#open(event.runId);
    try {
      run.drawing.handle(event);
    } catch {
      this.#undrawable.add(event.runId);
      this.#finish(event.runId, run, null);
      return false;
    }
    if (event.type === 'run-finished') this.#finish(event.runId, run, event);
    return true;
  }

  #open(runId: string): OpenRun {
    const drawing = new RunDrawing(this.#stream, this.#terminal, this.#now);
    const ready = this.#free.then(() => drawing.start()).catch(() => undefined);
    let leave = () => {};
    this.#free = new Promise((resolve) => {
      leave = resolve;
    });
    const run: OpenRun = { drawing, ready, leave };
    this.#runs.set(runId, run);
    return run;
  }

  #finish(runId: string, { drawing, ready, leave }: OpenRun, finished: RunFinished | null): void {
    this.#runs.delete(runId);
    void ready
      .then(() => {
        try {
          drawing.end();
        } catch {
          // The last frame matters less than the lines that follow it.
        }
        if (finished === null) return;
        const palette = createPalette(this.#terminal.colour);
        const lines = [
          '',
          ...closingLines(drawing.scenario, drawing.checks, finished, palette, this.#stream.columns ?? null),
        ];
        this.#stream.write(`${lines.join('\n')}\n`);
      })
      .catch(() => undefined)
      .finally(leave);
  }
}
