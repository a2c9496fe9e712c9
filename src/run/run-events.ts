import type { RunEvent, StoredEvent } from './event.ts';

/** An event without its stamp: what a part of the run knows. */
export type UnstampedEvent = RunEvent extends infer E
  ? E extends RunEvent
    ? Omit<E, 'at' | 'runId'>
    : never
  : never;

/** Receives each event of a run, in order. */
export type EventSink = (event: RunEvent) => void;

/** Stamps events with time and run and hands them to every sink. A sink must not throw. */
export class RunEvents {
  readonly #runId: string;
  readonly #sinks: readonly EventSink[];
  readonly #events: StoredEvent[] = [];

  constructor(runId: string, sinks: readonly EventSink[]) {
    this.#runId = runId;
    this.#sinks = sinks;
  }

  emit(event: UnstampedEvent): void {
    const stamped: RunEvent = { at: new Date().toISOString(), runId: this.#runId, ...event };
    if (stamped.type !== 'test-output') this.#events.push(stamped);
    for (const sink of this.#sinks) sink(stamped);
  }

  /** Everything that was emitted so far, but for the output of the user's tests. */
  all(): readonly StoredEvent[] {
    return this.#events;
  }
}
