import type { Provider } from '../../src/providers/provider.ts';

/** A call that a fault can hit: the provider's own, and those of its nodes. */
export type ProviderCall =
  | Exclude<
      keyof Provider,
      'name' | 'capabilities' | 'node' | 'shellCommand' | 'commandsFor' | 'startCommand' | 'execCommand'
    >
  | 'run'
  | 'writeFiles';

/** What becomes of a call: an error, silence, or silence towards the caller while the work is done after all. */
export type Fault =
  | { readonly effect: 'fail'; readonly error: Error }
  | { readonly effect: 'hang' }
  | { readonly effect: 'land-late' };

/** Faults that wait for their call. */
export class ArmedFaults {
  readonly #armed: { call: ProviderCall; wait: number; times: number; fault: Fault }[] = [];

  /** Hits the nth call from now on, counted from 1, and `times` calls from there. */
  arm(call: ProviderCall, fault: Fault, { nth = 1, times = 1 }: { nth?: number; times?: number } = {}): void {
    this.#armed.push({ call, wait: nth - 1, times, fault });
  }

  /** The fault that hits this call, if one does. */
  take(call: ProviderCall): Fault | null {
    let hit: Fault | null = null;
    for (const armed of this.#armed) {
      if (armed.call !== call || armed.times === 0) continue;
      if (armed.wait > 0) {
        armed.wait -= 1;
      } else if (hit === null) {
        armed.times -= 1;
        hit = armed.fault;
      }
    }
    return hit;
  }
}
