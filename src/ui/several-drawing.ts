import { ListrTaskState as State } from 'listr2';
import { formatSeconds } from '../report/format-duration.ts';
import { createPalette } from '../report/palette.ts';
import type { Palette } from '../report/palette.ts';
import { oneLine } from '../report/printable.ts';
import type { CheckResult } from '../checks/check.ts';
import type { RunEvent } from '../run/event.ts';
import { closingLines, type RunFinished } from './closing-lines.ts';
import type { Terminal } from './describe-terminal.ts';
import type { Renderer } from './renderer.ts';
import { addTask, taskList } from './run-drawing.ts';
import type { SeveralRenderer } from './several-renderer.ts';
import { TreeScreen, type ScreenStream, type TreeList, type TreeTask } from './tree-screen.ts';

/** One run's line. */
interface RunLine {
  readonly label: string;
  readonly task: TreeTask;
  readonly checks: CheckResult[];
  startedMs: number | null;
  /** What it is doing, or waits for. */
  doing: string;
}

/** Lines below the runs: what was said last. */
const SHOWN_SAYINGS = 4;

/** Several runs on a terminal: a line for each with its phase and its time. What did not pass is explained when all have ended. */
export class SeveralDrawing implements SeveralRenderer {
  readonly #stream: ScreenStream;
  readonly #palette: Palette;
  readonly #now: () => number;
  readonly #list: TreeList;
  readonly #screen: TreeScreen;
  readonly #lines: ReadonlyMap<string, RunLine>;
  readonly #width: number;
  readonly #sayings: string[] = [];
  readonly #explanations: string[] = [];
  readonly #started: Promise<unknown>;

  constructor(
    stream: ScreenStream,
    terminal: Terminal,
    labels: readonly string[],
    now: () => number = Date.now,
  ) {
    this.#stream = stream;
    this.#palette = createPalette(terminal.colour);
    this.#now = now;
    this.#list = taskList();
    this.#width = Math.max(0, ...labels.map((label) => label.length));
    this.#lines = new Map(
      labels.map((label) => {
        const task = addTask(this.#list, label.padEnd(this.#width), 'launch');
        return [label, { label, task, checks: [], startedMs: null, doing: 'waits for its turn' }];
      }),
    );
    this.#screen = new TreeScreen(this.#list, {
      stream,
      terminal,
      palette: this.#palette,
      header: () => [],
      footer: () => (this.#sayings.length === 0 ? [] : ['', ...this.#sayings.slice(-SHOWN_SAYINGS)]),
      onTick: () => this.#tellTime(),
    });
    stream.on('error', () => undefined);
    // What can't be drawn must not stop a run: results come from elsewhere.
    this.#started = this.#screen.render().catch(() => undefined);
    this.#tellTime();
  }

  as(label: string): Renderer {
    return { handle: (event) => this.#handle(label, event), close: () => Promise.resolve() };
  }

  say(label: string, text: string): void {
    const line = this.#lines.get(label);
    if (line !== undefined && line.startedMs === null && text.startsWith('waits: '))
      line.doing = oneLine(text);
    else if (text.trim() !== '') this.#sayings.push(`${label}: ${oneLine(text)}`);
  }

  async close(): Promise<void> {
    await this.#started;
    for (const { task, label } of this.#lines.values()) {
      if (task.hasFinalized()) continue;
      task.message$ = { skip: `${label.padEnd(this.#width)}  ${this.#palette.dim('not run')}` };
      task.state$ = State.SKIPPED;
    }
    try {
      this.#screen.end();
    } catch {
      // The last frame matters less than the lines that follow it.
    }
    if (this.#explanations.length > 0) this.#stream.write(`${this.#explanations.join('\n')}\n`);
  }

  #handle(label: string, event: RunEvent): void {
    const line = this.#lines.get(label);
    if (line === undefined) return;
    switch (event.type) {
      case 'run-started':
        line.startedMs = Date.parse(event.at);
        line.doing = 'image';
        line.task.state$ = State.STARTED;
        break;
      case 'phase-started':
        line.doing = event.phase;
        break;
      case 'step-progress':
        line.doing = `${event.step.phase}: ${oneLine(event.text)}`;
        break;
      case 'check-finished':
        line.checks.push(event.check);
        break;
      case 'notice':
        if (event.level === 'warning') this.say(label, `warning: ${event.message}`);
        break;
      case 'interrupted':
        this.say(label, `${event.signal}: stopping, then cleaning up`);
        break;
      case 'run-finished':
        this.#finish(line, event);
        break;
      default:
        break;
    }
  }

  #finish(line: RunLine, event: RunFinished): void {
    const { timeToDualStackMs, exitCode } = event;
    const dualStack =
      timeToDualStackMs === null ? '' : `, dual-stack after ${formatSeconds(timeToDualStackMs)}`;
    const told = `${event.outcome} in ${formatSeconds(event.durationMs)}${dualStack}`;
    line.startedMs = null;
    line.task.title = `${line.label.padEnd(this.#width)}  ${told}`;
    line.task.state$ = exitCode === 0 ? State.COMPLETED : State.FAILED;
    if (exitCode === 0) return;
    const width = this.#stream.columns ?? null;
    this.#explanations.push('', ...closingLines(line.label, line.checks, event, this.#palette, width));
  }

  /** Only sets titles: the frame that follows shows them. */
  #tellTime(): void {
    for (const { task, label, startedMs, doing } of this.#lines.values()) {
      if (task.hasFinalized()) continue;
      const time = startedMs === null ? '' : ` ${formatSeconds(Math.max(0, this.#now() - startedMs))}`;
      task.title = `${label.padEnd(this.#width)}  ${this.#palette.dim(`${doing}${time}`)}`;
    }
  }
}
