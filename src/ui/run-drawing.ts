import { DefaultRenderer, Listr, ListrTaskState as State } from 'listr2';
import type { CheckResult } from '../checks/check.ts';
import { describeCheck } from '../report/describe-check.ts';
import { lastLinesOf } from '../report/last-lines.ts';
import { formatSeconds } from '../report/format-duration.ts';
import type { Palette } from '../report/palette.ts';
import { createPalette } from '../report/palette.ts';
import { oneLine, printable } from '../report/printable.ts';
import type { PhaseName, RunEvent, StepInfo } from '../run/event.ts';
import type { Terminal } from './describe-terminal.ts';
import type { ScreenStream, TreeList, TreeTask } from './tree-screen.ts';
import { TreeScreen } from './tree-screen.ts';

/** A line of the tree that takes time. */
interface TimedTask {
  readonly task: TreeTask;
  readonly title: string;
  startedMs: number | null;
}

interface PhaseTask extends TimedTask {
  /** Makes the tasks below; it is never run. */
  readonly below: TreeList;
  readonly steps: Map<string, TimedTask>;
}

/** Notices below the tree while it is drawn; all of them stay when it ends. */
const SHOWN_NOTICES = 3;
/** Lines of a test's output below its task, and how often they are drawn. */
const SHOWN_OUTPUT = 5;
const OUTPUT_INTERVAL_MS = 100;

/**
 * One run as a tree of listr2's tasks. The tasks are never run: events set their state and listr2 draws it, so that no promise of
 * the drawing can reject, wait or outlive the run.
 */
export class RunDrawing {
  readonly checks: CheckResult[] = [];
  scenario: string | null = null;
  readonly #list: TreeList;
  readonly #screen: TreeScreen;
  readonly #palette: Palette;
  readonly #now: () => number;
  readonly #phases = new Map<PhaseName, PhaseTask>();
  readonly #notices: string[] = [];
  readonly #outputs = new Map<string, { recent: string[]; drawnMs: number }>();
  /** Steps that show their check's result. */
  readonly #settled = new Set<TimedTask>();
  #headline: string[] = [];
  #interrupted: string[] = [];
  #drawn = false;
  #ended = false;

  constructor(stream: ScreenStream, terminal: Terminal, now: () => number) {
    this.#palette = createPalette(terminal.colour);
    this.#now = now;
    this.#list = taskList();
    this.#screen = new TreeScreen(this.#list, {
      stream,
      terminal,
      palette: this.#palette,
      header: () => this.#headline,
      footer: () => this.#footer(),
      onTick: () => this.#tellTime(),
    });
  }

  /** Begins to draw. */
  async start(): Promise<void> {
    await this.#screen.render();
    this.#drawn = true;
  }

  /** Draws the last frame, which stays. What has not ended by now is shown as such. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const phase of this.#phases.values()) {
      for (const step of phase.steps.values()) this.#giveUp(step, 'not finished');
      this.#giveUp(phase, phase.startedMs === null ? 'not reached' : 'not finished');
    }
    if (this.#drawn) this.#screen.end();
  }

  handle(event: RunEvent): void {
    const nowMs = Date.parse(event.at);
    switch (event.type) {
      case 'run-started':
        this.scenario = event.scenario.name;
        this.#headline = [
          `run ${event.runId} of ${oneLine(event.scenario.name)} (${oneLine(event.scenario.file)})`,
        ];
        for (const step of event.steps) this.#phase(step.phase);
        break;
      case 'phase-started':
        this.#begin(this.#phase(event.phase), nowMs);
        break;
      case 'phase-finished': {
        const phase = this.#phase(event.phase);
        this.#finish(phase, event.durationMs);
        break;
      }
      case 'step-started':
        this.#begin(this.#step(event.step), nowMs);
        break;
      case 'step-progress': {
        const count =
          event.done === null
            ? ''
            : event.total === null
              ? ` (${event.done})`
              : ` (${event.done}/${event.total})`;
        this.#step(event.step).task.output$ = `${oneLine(event.text)}${count}`;
        break;
      }
      case 'test-output':
        this.#showOutput(event.step, event.text, nowMs);
        break;
      case 'step-finished':
        this.#finish(
          this.#step(event.step),
          event.durationMs,
          event.outcome === 'failed' ? event.message : undefined,
        );
        break;
      case 'dialogue-finished':
        // Its step tells how it ended; the report has the words.
        break;
      case 'attempt-failed':
        this.#beginAnew();
        break;
      case 'check-finished':
        this.#addCheck(event.check);
        break;
      case 'notice': {
        const label = event.level === 'warning' ? this.#palette.odd('warning:') : 'note:';
        this.#notices.push(`${label} ${oneLine(event.message)}`);
        break;
      }
      case 'interrupted':
        this.#interrupted = [this.#palette.odd(`${event.signal}: stopping, then cleaning up`)];
        break;
      case 'run-finished':
        break;
    }
  }

  /** The last lines below the task. Each is drawn with the whole tree, so those of a test that prints fast are not all drawn. */
  #showOutput(step: StepInfo, text: string, nowMs: number): void {
    const lines = this.#outputs.get(step.id) ?? { recent: [], drawnMs: -Infinity };
    this.#outputs.set(step.id, lines);
    if (text.trim() === '') return;
    lines.recent = [...lines.recent, oneLine(text)].slice(-SHOWN_OUTPUT);
    if (nowMs - lines.drawnMs < OUTPUT_INTERVAL_MS) return;
    lines.drawnMs = nowMs;
    this.#step(step).task.output$ = lines.recent.join('\n');
  }

  /** The cluster is made again: its phases stand as if they had not begun. */
  #beginAnew(): void {
    this.checks.length = 0;
    this.#settled.clear();
    for (const [name, phase] of this.#phases) {
      if (name === 'image') continue;
      for (const timed of [phase, ...phase.steps.values()]) {
        timed.startedMs = null;
        timed.task.title = timed.title;
        timed.task.state$ = State.WAITING;
      }
    }
  }

  #phase(name: PhaseName): PhaseTask {
    const known = this.#phases.get(name);
    if (known !== undefined) return known;
    const title = name.padEnd(10);
    const task = addTask(this.#list, title, name);
    const below = taskList(task);
    task.subtasks = below.tasks;
    const phase: PhaseTask = { task, title, below, startedMs: null, steps: new Map() };
    this.#phases.set(name, phase);
    return phase;
  }

  #step(info: StepInfo): TimedTask {
    const phase = this.#phase(info.phase);
    const known = phase.steps.get(info.id);
    if (known !== undefined) return known;
    const title = oneLine(info.title);
    const step: TimedTask = { task: addTask(phase.below, title, info.phase), title, startedMs: null };
    phase.steps.set(info.id, step);
    return step;
  }

  #begin(timed: TimedTask, nowMs: number): void {
    timed.startedMs = nowMs;
    timed.task.state$ = State.STARTED;
  }

  /** A failed step has a message, which may be null; one that passed has none. */
  #finish(timed: TimedTask, durationMs: number, message?: string | null): void {
    if (this.#settled.has(timed)) return;
    timed.task.title = this.#timed(timed.title, durationMs);
    if (message === undefined) {
      timed.task.state$ = State.COMPLETED;
    } else {
      if (message !== null) timed.task.message$ = { error: printable(message) };
      timed.task.state$ = State.FAILED;
    }
  }

  #giveUp({ task, title }: TimedTask, why: string): void {
    if (task.hasFinalized()) return;
    task.message$ = { skip: `${title} ${this.#palette.dim(`(${why})`)}` };
    task.state$ = State.SKIPPED;
  }

  #addCheck(check: CheckResult): void {
    this.checks.push(check);
    const verify = this.#phases.get('verify');
    const list = verify === undefined || verify.startedMs === null ? this.#list : verify.below;
    const text = describeCheck(check);
    const title = check.outcome === 'failed' ? check.id : `${check.id}  ${this.#palette.dim(text)}`;
    // A step that is this check alone becomes its result, or the check would be drawn twice.
    const step = [...(verify?.steps.values() ?? [])].find((known) => known.title === check.id);
    if (step !== undefined) this.#settled.add(step);
    const task = step?.task ?? addTask(list, title, 'verify');
    task.title = title;
    switch (check.outcome) {
      case 'passed':
        task.state$ = State.COMPLETED;
        break;
      case 'failed':
        task.message$ = { error: [text, ...lastLinesOf(check)].join('\n') };
        task.state$ = State.FAILED;
        break;
      case 'skipped':
      case 'not-reached':
        task.message$ = { skip: `${check.id}  ${check.outcome.replace('-', ' ')}: ${text}` };
        task.state$ = State.SKIPPED;
        break;
    }
  }

  /** Only sets titles: the frame that follows shows them. */
  #tellTime(): void {
    const nowMs = this.#now();
    for (const phase of this.#phases.values()) {
      for (const timed of [phase, ...phase.steps.values()]) {
        if (timed.startedMs !== null && timed.task.isStarted()) {
          timed.task.title = this.#timed(timed.title, Math.max(0, nowMs - timed.startedMs));
        }
      }
    }
  }

  #timed(title: string, durationMs: number): string {
    return `${title} ${this.#palette.dim(formatSeconds(durationMs))}`;
  }

  #footer(): string[] {
    const notices = this.#ended ? this.#notices : this.#notices.slice(-SHOWN_NOTICES);
    const lines = [...notices, ...this.#interrupted];
    return lines.length === 0 ? [] : ['', ...lines];
  }
}

/** Tasks that listr2 draws and never runs. */
export function taskList(parent?: TreeTask): TreeList {
  // By default listr2 ends the process with 127 on SIGINT, before anything is cleaned up.
  return new Listr<unknown, typeof DefaultRenderer, 'silent'>(
    [],
    {
      renderer: DefaultRenderer,
      fallbackRenderer: 'silent',
      registerSignalListeners: false,
      exitOnError: false,
    },
    parent,
  );
}

/** A task at the end of a list, visible one turn of the event loop's microtasks later. */
export function addTask(list: TreeList, title: string, phase: PhaseName): TreeTask {
  list.add({ title, task: () => undefined });
  const task = list.tasks.at(-1);
  if (task === undefined) throw new Error('listr2 took no task');
  // What was proved is what people look for: it is not folded away. (listr2 also asks the tasks below.)
  task.rendererOptions = { collapseSubtasks: phase !== 'verify' };
  void task.check(undefined);
  return task;
}
