import type { ProviderName } from './scenario.ts';

/** What is known of a provider that might run a scenario. */
export type CandidateState =
  | { readonly is: 'ready' }
  /** The scenario is not for it. */
  | { readonly is: 'refused'; readonly why: string }
  | {
      readonly is: 'not-ready';
      readonly why: string;
      /** What a user does about it; null where nothing is known that helps. */
      readonly remedy: string | null;
      /** Whether we can set it up, after a yes. */
      readonly fixable: boolean;
    };

/** A provider and its state. */
export interface Candidate {
  readonly provider: ProviderName;
  readonly state: CandidateState;
}

/** Why a provider was not taken. */
export interface PassedOver {
  readonly provider: ProviderName;
  readonly why: string;
  readonly remedy: string | null;
}

/** Which provider `auto` is, and why; null where there is none. */
export interface ProviderDecision {
  readonly chosen: ProviderName | null;
  /** In a few words. */
  readonly why: string;
  /** Those that come before it in the order and can't run it as they are; all of them where none is chosen. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * The first that can run the scenario as it is; else, where we may, the first that we can set up.
 * @param candidates in the order in which they are preferred.
 */
export function chooseProvider(
  candidates: readonly Candidate[],
  { maySetUp }: { readonly maySetUp: boolean },
): ProviderDecision {
  const ready = candidates.findIndex(({ state }) => state.is === 'ready');
  if (ready >= 0) {
    const why = ready === 0 ? 'it is ready, and the first in the order' : 'the first that is ready';
    return decision(candidates, ready, why);
  }
  const fixable = maySetUp
    ? candidates.findIndex(({ state }) => state.is === 'not-ready' && state.fixable)
    : -1;
  if (fixable >= 0) return decision(candidates, fixable, 'none is ready, and it is the first to be set up');
  return { chosen: null, why: 'none can run it here', passedOver: candidates.flatMap(passedOver) };
}

function decision(candidates: readonly Candidate[], index: number, why: string): ProviderDecision {
  return {
    chosen: candidates[index]?.provider ?? null,
    why,
    passedOver: candidates.slice(0, index).flatMap(passedOver),
  };
}

function passedOver({ provider, state }: Candidate): PassedOver[] {
  if (state.is === 'ready') return [];
  return [{ provider, why: state.why, remedy: state.is === 'refused' ? null : state.remedy }];
}

/** A decision in a line: `provider auto is incus (the first that is ready); not lxd: …`. */
export function describeDecision({
  chosen,
  why,
  passedOver: others,
}: {
  readonly chosen: string | null;
  readonly why: string;
  readonly passedOver: readonly { readonly provider: string; readonly why: string }[];
}): string {
  const not = others.map((other) => `; not ${other.provider}: ${other.why}`).join('');
  return chosen === null ? `provider auto is none${not}` : `provider auto is ${chosen} (${why})${not}`;
}
