import type { RunEvent } from '../run/event.ts';

/**
 * Shows runs to a person. It never throws into the run, never keeps the process alive, and only draws: what it is told changes
 * nothing about the run.
 */
export interface Renderer {
  handle(event: RunEvent): void;
  /** Puts the last line on the screen and gives the terminal back; resolves when that is done, also when the run never ended. */
  close(): Promise<void>;
}
