import type { EventSink } from './run-events.ts';
import type { RunStore } from './run-store.ts';
import type { ForeignImage } from '../images/foreign-image.ts';
import type { ImageProgress, NodeImage } from '../images/node-image.ts';
import type { OwnTests } from '../own-tests/own-test.ts';
import type { PlanParts } from '../plan/assemble-plan.ts';
import type { Provider } from '../providers/provider.ts';
import type { Scenario } from '../scenario/scenario.ts';

export type Keep = 'never' | 'on-failure' | 'always';

/** An image that others publish for the same purpose as ours. */
export interface PublishedImage {
  readonly image: ForeignImage;
  /** Whether ours is in the cache, which comes first. */
  isOursCached(): Promise<boolean>;
}

/** What the nodes of a run are made of. */
export type RunImage =
  | {
      readonly kind: 'node';
      /** Gives the node image from the cache, or builds it. */
      prepare(options: {
        signal: AbortSignal;
        onProgress(progress: ImageProgress): void;
      }): Promise<NodeImage>;
      /** What is taken instead of a build, where it can be had; null where nothing else will do. */
      readonly published: PublishedImage | null;
    }
  | ForeignImage;

/** One scenario to run, and everything that the run touches, as interfaces and data. */
export interface ScenarioRun {
  readonly runId: string;
  readonly scenario: Scenario;
  readonly file: string;
  /** Of the file as it was read, in hex. */
  readonly sha256: string;
  /** Version of this program. */
  readonly version: string;
  readonly provider: Provider;
  readonly parts: PlanParts;
  readonly store: RunStore;
  readonly stateDirectory: string;
  readonly reportDir: string;
  readonly keep: Keep;
  /** Runs tests of the user's own. */
  readonly ownTests: OwnTests;
  /** What the preflight warned of; told at the run's start and kept in its report. */
  readonly warnings: readonly string[];
  readonly sinks: readonly EventSink[];
  readonly image: RunImage;
  /** Aborted with an {@link InterruptedError} by the user's first signal. */
  readonly interrupted: AbortSignal;
  /** Aborted when the user does not want to wait for the clean-up any longer. */
  readonly abandoned: AbortSignal;
  /** Tells of secrets, to be kept out of everything that is written. */
  onSecret(secret: string): void;
}
