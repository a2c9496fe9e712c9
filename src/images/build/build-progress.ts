import type { BuildContext } from './build-context.ts';
import type { ImageProgress } from '../node-image.ts';

/** How often the detail of a step is passed on, in milliseconds: a compiler names hundreds of packages a second. */
const DETAIL_INTERVAL_MS = 200;

/** How far a build is, for the process that goes on with it. */
export interface BuildState {
  readonly done: number;
  readonly elapsedMs: number;
  readonly timings: Readonly<Record<string, number>>;
}

/** Follows the steps of a build, of which several may run at once, and measures them. */
export class BuildProgress {
  /** Milliseconds that each finished step took. */
  readonly timings: Record<string, number> = {};
  readonly #total: number;
  readonly #emit: (progress: ImageProgress) => void;
  readonly #started: number;
  /** Names and details of the steps that run, in the order of their start. */
  readonly #active = new Map<string, string>();
  #done: number;
  #lastEmit = -Infinity;

  /** @param before what another process has done of the same build. */
  constructor(total: number, emit: (progress: ImageProgress) => void, before: BuildState | null = null) {
    this.#total = total;
    this.#emit = emit;
    this.#done = before?.done ?? 0;
    this.#started = performance.now() - (before?.elapsedMs ?? 0);
    Object.assign(this.timings, before?.timings);
  }

  /** What the process that goes on with this build needs to know. */
  get state(): BuildState {
    const elapsedMs = Math.round(performance.now() - this.#started);
    return { done: this.#done, elapsedMs, timings: { ...this.timings } };
  }

  /** Does one step's work, with a context that reports on this step. */
  async step<T>(
    name: string,
    context: BuildContext,
    work: (context: BuildContext) => Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    this.#active.set(name, '');
    this.#tellActive();
    const report = (detail: string): void => {
      this.#active.set(name, detail);
      if (performance.now() - this.#lastEmit >= DETAIL_INTERVAL_MS) this.#tellActive();
    };
    try {
      const result = await work({ ...context, report });
      this.#done += 1;
      this.timings[name] = Math.round(performance.now() - started);
      return result;
    } finally {
      this.#active.delete(name);
      if (this.#active.size > 0) this.#tellActive();
    }
  }

  /** The names of the steps that run now, for a message about a deadline. */
  get running(): readonly string[] {
    return [...this.#active.keys()];
  }

  /** Tells of something beside the steps, such as a wait. */
  tell(step: string): void {
    const elapsedMs = Math.round(performance.now() - this.#started);
    this.#lastEmit = performance.now();
    this.#emit({ step, done: this.#done, total: this.#total, elapsedMs });
  }

  #tellActive(): void {
    const steps = [...this.#active].map(([name, detail]) => (detail === '' ? name : `${name} (${detail})`));
    this.tell(steps.join('; '));
  }
}
