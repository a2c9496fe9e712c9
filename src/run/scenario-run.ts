import type { EventSink } from './run-events.ts';
import type { RunStore } from './run-store.ts';
import type { ImageProgress, NodeImage } from '../images/node-image.ts';
import type { PlanInputs } from '../plan/assemble-plan.ts';
import type { Provider } from '../providers/provider.ts';
import type { Scenario } from '../scenario/scenario.ts';

export type Keep = 'never' | 'on-failure' | 'always';

/** One scenario to run, and everything that the run touches, as interfaces and data. */
export interface ScenarioRun {
  readonly runId: string;
  readonly scenario: Scenario;
  readonly file: string;
  readonly provider: Provider;
  readonly parts: Pick<PlanInputs, 'distribution' | 'cni' | 'manifests' | 'storagePool' | 'host'>;
  readonly store: RunStore;
  readonly stateDirectory: string;
  readonly reportDir: string;
  readonly keep: Keep;
  /** What the preflight warned of; told at the run's start and kept in its report. */
  readonly warnings: readonly string[];
  readonly sinks: readonly EventSink[];
  /** Gives the node image from the cache, or builds it. */
  prepareImage(options: {
    signal: AbortSignal;
    onProgress(progress: ImageProgress): void;
  }): Promise<NodeImage>;
  /** Aborted with an {@link InterruptedError} by the user's first signal. */
  readonly interrupted: AbortSignal;
  /** Aborted when the user does not want to wait for the clean-up any longer. */
  readonly abandoned: AbortSignal;
  /** Tells of secrets, to be kept out of everything that is written. */
  onSecret(secret: string): void;
}
