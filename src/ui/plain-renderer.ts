import type { Writable } from 'node:stream';
import type { CheckResult } from '../checks/check.ts';
import { describeCheck, OUTCOME_WORDS } from '../report/describe-check.ts';
import { formatSeconds } from '../report/format-duration.ts';
import { createPalette } from '../report/palette.ts';
import { oneLine, printable } from '../report/printable.ts';
import type { RunEvent, StepInfo } from '../run/event.ts';
import { closingLines } from './closing-lines.ts';
import type { Renderer } from './renderer.ts';

const OWN_TEST = /^verify\/test\/([^/]+)\//;

function isOwnTest(step: StepInfo): boolean {
  return OWN_TEST.test(step.id);
}

/** The name of the test that a step runs. */
function ownTestName(step: StepInfo): string {
  return OWN_TEST.exec(step.id)?.[1] ?? oneLine(step.title);
}

/** A step that goes on tells so at most this often. */
const PROGRESS_INTERVAL_MS = 10_000;

/** What lines about one run need to remember. */
interface ShownRun {
  readonly startedMs: number;
  scenario: string | null;
  readonly checks: CheckResult[];
  /** When each running step last had a line, by its id, in milliseconds since the epoch. */
  readonly lastLineMs: Map<string, number>;
}

/** How {@link PlainRenderer} writes. */
export interface PlainRendererOptions {
  readonly colour: boolean;
  /** Begin each line with the scenario's name: for runs that go on at the same time. */
  readonly labelRuns: boolean;
}

/**
 * Lines for logs: no animation, nothing that is taken back. All times are those of the events, so a replayed run looks the same.
 */
export class PlainRenderer implements Renderer {
  readonly #stream: Writable;
  readonly #palette;
  readonly #labelRuns: boolean;
  readonly #runs = new Map<string, ShownRun>();
  #broken = false;

  constructor(stream: Writable, options: PlainRendererOptions) {
    this.#stream = stream;
    this.#palette = createPalette(options.colour);
    this.#labelRuns = options.labelRuns;
    // A reader that went away (`2>&1 | head`) must not end a run that has things to remove.
    stream.on('error', () => {
      this.#broken = true;
    });
  }

  handle(event: RunEvent): void {
    const run = this.#run(event);
    for (const line of this.#lines(event, run)) this.#write(line, run);
    if (event.type === 'run-finished') this.#runs.delete(event.runId);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #lines(event: RunEvent, run: ShownRun): string[] {
    const { good, bad, odd, dim, bold } = this.#palette;
    const nowMs = Date.parse(event.at);
    const stamp = dim(`[${((nowMs - run.startedMs) / 1000).toFixed(1).padStart(5)}s]`);
    const stepLine = (step: StepInfo, rest: string) => {
      run.lastLineMs.set(step.id, nowMs);
      return `${stamp} ${step.phase.padEnd(10)} ${oneLine(step.title)}${rest}`;
    };
    switch (event.type) {
      case 'run-started':
        run.scenario = event.scenario.name;
        return [`${stamp} ${bold(`run ${event.runId}`)} of ${event.scenario.name} (${event.scenario.file})`];
      case 'phase-started':
      case 'phase-finished':
        return [];
      case 'step-started':
        // A check has one line, its result; a test of the user's own has its output before that.
        return event.step.phase === 'verify' && !isOwnTest(event.step) ? [] : [stepLine(event.step, ' …')];
      case 'step-progress': {
        const last = run.lastLineMs.get(event.step.id);
        const soon = last !== undefined && nowMs - last < PROGRESS_INTERVAL_MS;
        if (soon && event.milestone !== true) return [];
        const count =
          event.done === null
            ? ''
            : event.total === null
              ? ` (${event.done})`
              : ` (${event.done}/${event.total})`;
        return [stepLine(event.step, `: ${oneLine(event.text)}${count}`)];
      }
      case 'step-finished': {
        const took = `(${formatSeconds(event.durationMs)})`;
        if (event.outcome === 'passed' && event.step.phase === 'verify') return [];
        if (event.outcome === 'passed') return [stepLine(event.step, ` … ${good('done')} ${took}`)];
        const message = event.message === null ? [] : printable(event.message).split('\n');
        return [
          stepLine(event.step, ` … ${bad('FAILED')} ${took}`),
          ...message.map((line) => `         ${line}`),
        ];
      }
      case 'dialogue-finished':
        // Its step tells how it ended; the report has the words.
        return [];
      case 'attempt-failed':
        // Steps come again, and tell of themselves as before.
        run.lastLineMs.clear();
        run.checks.length = 0;
        return [];
      case 'test-output':
        return [`${dim(`${ownTestName(event.step)} |`)} ${printable(event.text)}`.trimEnd()];
      case 'check-finished': {
        run.checks.push(event.check);
        const { outcome, id } = event.check;
        const paint = outcome === 'passed' ? good : outcome === 'failed' ? bad : odd;
        return [`${paint(OUTCOME_WORDS[outcome])} ${id}  ${describeCheck(event.check)}`.trimEnd()];
      }
      case 'notice':
        return [
          `${stamp} ${event.level === 'warning' ? odd('warning:') : 'note:'} ${oneLine(event.message)}`,
        ];
      case 'interrupted':
        return [`${stamp} ${odd(event.signal)}: stopping, then cleaning up`];
      case 'run-finished':
        return ['', ...closingLines(run.scenario, run.checks, event, this.#palette, null)];
    }
  }

  #run(event: RunEvent): ShownRun {
    const known = this.#runs.get(event.runId);
    if (known !== undefined) return known;
    const run = {
      startedMs: Date.parse(event.at),
      scenario: null,
      checks: [],
      lastLineMs: new Map<string, number>(),
    };
    this.#runs.set(event.runId, run);
    return run;
  }

  #write(line: string, run: ShownRun): void {
    if (this.#broken || this.#stream.destroyed || this.#stream.writableEnded) return;
    const label = this.#labelRuns && line !== '' ? `${this.#palette.bold(`[${run.scenario ?? '?'}]`)} ` : '';
    this.#stream.write(`${label}${line}\n`);
  }
}
