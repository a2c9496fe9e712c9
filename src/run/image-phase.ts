import { StepTracker } from './step-tracker.ts';
import { ownBinaryNotices } from '../images/sources/own-binary-notices.ts';
import { runObjectName } from '../plan/assemble-plan.ts';
import type { StepInfo } from './event.ts';
import type { RunEvents } from './run-events.ts';
import type { ScenarioRun } from './scenario-run.ts';
import type { ImageProgress, NodeImage } from '../images/node-image.ts';
import type { Owner } from '../providers/provider.ts';

/** The node image as the engine has it. */
export interface EngineImage {
  readonly image: NodeImage;
  /** The engine's name of it. */
  readonly name: string;
  /** Driver of the pool that holds the nodes, such as `btrfs`. */
  readonly storageDriver: string;
}

/** The steps before a plan's: they happen once for an image, and are over at once afterwards. */
export const IMAGE_STEPS = {
  build: { id: 'image/build', phase: 'image', title: 'node image' },
  import: { id: 'image/import', phase: 'image', title: 'node image in the engine' },
} as const satisfies Record<string, StepInfo>;

const IMPORT_TIMEOUT_MS = 300_000;
/** A build tells of each Go package; an event a second says as much. */
const PROGRESS_INTERVAL_MS = 1000;

/** Gets the node image from the cache or a build, and makes it known to the engine. */
export async function prepareEngineImage(
  run: ScenarioRun,
  owner: Owner,
  events: RunEvents,
  onImage: (image: NodeImage) => void,
): Promise<EngineImage> {
  const tracker = new StepTracker(Object.values(IMAGE_STEPS), events);
  const step = async <T>(info: StepInfo, work: () => Promise<T>): Promise<T> => {
    tracker.started(info);
    try {
      const value = await work();
      tracker.finished(info, 'passed', null);
      return value;
    } catch (error) {
      tracker.finished(info, 'failed', error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
  try {
    const onProgress = throttledProgress(events);
    const image = await step(IMAGE_STEPS.build, () =>
      run.prepareImage({ signal: run.interrupted, onProgress }),
    );
    onImage(image);
    for (const message of ownBinaryNotices(image)) events.emit({ type: 'notice', level: 'info', message });
    return await step(IMAGE_STEPS.import, () => importImage(image, run, owner, events));
  } finally {
    tracker.close();
  }
}

function throttledProgress(events: RunEvents): (progress: ImageProgress) => void {
  let lastAt = -Infinity;
  return ({ step: text, done, total, elapsedMs }) => {
    if (elapsedMs - lastAt < PROGRESS_INTERVAL_MS) return;
    lastAt = elapsedMs;
    events.emit({ type: 'step-progress', step: IMAGE_STEPS.build, text, done, total });
  };
}

/** Import and unpacking happen once for an image; afterwards a node is a snapshot of it. */
async function importImage(
  image: NodeImage,
  { provider, store, runId, interrupted }: ScenarioRun,
  owner: Owner,
  events: RunEvents,
): Promise<EngineImage> {
  const call = { timeoutMs: IMPORT_TIMEOUT_MS, signal: interrupted };
  const onProgress = (text: string): void =>
    events.emit({ type: 'step-progress', step: IMAGE_STEPS.import, text, done: null, total: null });
  const { name, unpacked, storageDriver } = await provider.ensureImage(image, { ...call, onProgress });
  if (storageDriver === 'dir') {
    const message =
      'the storage pool uses dir, which copies the image for each node: 3 to 6 s more; btrfs does not';
    events.emit({ type: 'notice', level: 'warning', message });
  }
  if (!unpacked) {
    onProgress('unpacking the node image into the storage pool');
    const instance = { kind: 'instance', name: `${runObjectName(runId)}-unpack` };
    const journal = store.journalOf(runId);
    journal.creating(instance);
    await provider.unpackImage(name, instance.name, owner, call);
    journal.removed(instance);
  }
  return { image, name, storageDriver };
}
