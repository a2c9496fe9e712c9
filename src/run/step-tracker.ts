import { PHASES, type PhaseName, type StepInfo } from './event.ts';
import type { RunEvents } from './run-events.ts';

/** Tells of steps as they start and end, and of phases: a phase lasts from its first step's start to its last step's end. */
export class StepTracker {
  readonly #events: RunEvents;
  readonly #open: Map<PhaseName, { startedAt: number; left: number }> = new Map();
  readonly #stepsOf: ReadonlyMap<PhaseName, number>;
  readonly #startedAt = new Map<string, number>();

  constructor(steps: readonly StepInfo[], events: RunEvents) {
    this.#events = events;
    this.#stepsOf = new Map(
      PHASES.map((phase) => [phase, steps.filter((step) => step.phase === phase).length]),
    );
  }

  started(step: StepInfo): void {
    const now = performance.now();
    this.#startedAt.set(step.id, now);
    if (!this.#open.has(step.phase)) {
      this.#open.set(step.phase, { startedAt: now, left: this.#stepsOf.get(step.phase) ?? 1 });
      this.#events.emit({ type: 'phase-started', phase: step.phase });
    }
    this.#events.emit({ type: 'step-started', step: stepInfo(step) });
  }

  finished(step: StepInfo, outcome: 'passed' | 'failed', message: string | null): void {
    const durationMs = Math.round(performance.now() - (this.#startedAt.get(step.id) ?? performance.now()));
    this.#events.emit({ type: 'step-finished', step: stepInfo(step), outcome, durationMs, message });
    const phase = this.#open.get(step.phase);
    if (phase === undefined) return;
    phase.left -= 1;
    if (phase.left === 0) this.#finishPhase(step.phase, phase.startedAt);
  }

  /** Ends the phases that were cut short. */
  close(): void {
    for (const [phase, { startedAt, left }] of this.#open) if (left > 0) this.#finishPhase(phase, startedAt);
  }

  #finishPhase(phase: PhaseName, startedAt: number): void {
    const durationMs = Math.round(performance.now() - startedAt);
    this.#events.emit({ type: 'phase-finished', phase, durationMs });
  }
}

/** A step without its actions: events are small. */
export function stepInfo({ id, phase, title }: StepInfo): StepInfo {
  return { id, phase, title };
}
