import { StepTracker } from './step-tracker.ts';
import { ownBinaryNotices } from '../images/sources/own-binary-notices.ts';
import { runObjectName } from '../plan/assemble-plan.ts';
import { plannedForeignImage, plannedNodeImage, type PlannedImage } from '../plan/planned-image.ts';
import { formatForeignImage } from '../scenario/foreign-image-name.ts';
import type { StepInfo } from './event.ts';
import type { RunEvents } from './run-events.ts';
import { FailureError } from './failure.ts';
import type { PublishedImage, RunImage, ScenarioRun } from './scenario-run.ts';
import type { ImageProgress, NodeImage } from '../images/node-image.ts';
import type { CallOptions, EnsuredImage, FoundForeignImage, Owner } from '../providers/provider.ts';

/** What nodes are made of, as the engine has it. */
export interface EngineImage {
  readonly planned: PlannedImage;
  /** Where an image that is none of ours was found; null for a node image. */
  readonly found: FoundForeignImage | null;
  /** Driver of the pool that holds the nodes, such as `btrfs`. */
  readonly storageDriver: string;
}

const BUILD: StepInfo = { id: 'image/build', phase: 'image', title: 'node image' };
const IMPORT: StepInfo = { id: 'image/import', phase: 'image', title: 'node image in the engine' };

/** The steps before a plan's: they happen once for an image, and are over at once afterwards. An image that is none of ours is not built. */
export function imageSteps(image: RunImage): StepInfo[] {
  if (image.kind === 'node') return [BUILD, IMPORT];
  return [{ ...IMPORT, title: `${formatForeignImage(image)} in the engine` }];
}

const IMPORT_TIMEOUT_MS = 300_000;
/** Half a gigabyte over a slow line. */
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
/** A build tells of each Go package; an event a second says as much. */
const PROGRESS_INTERVAL_MS = 1000;

/** Gets what nodes are made of: a node image from the cache or a build, or an image that is none of ours; and has the engine know it. */
export async function prepareEngineImage(
  run: ScenarioRun,
  owner: Owner,
  events: RunEvents,
  onImage: (image: NodeImage) => void,
): Promise<EngineImage> {
  const steps = imageSteps(run.image);
  const tracker = new StepTracker(steps, events);
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
  const { image: source } = run;
  try {
    if (source.kind === 'foreign') {
      const [info = IMPORT] = steps;
      const way = { run, owner, events, step: info, timeoutMs: DOWNLOAD_TIMEOUT_MS };
      return await step(info, async () => {
        const ensured = await bringIn(way, (call) => run.provider.ensureForeignImage(source, call));
        const { name, found, storageDriver } = ensured;
        return { planned: plannedForeignImage(source, name), found, storageDriver };
      });
    }
    const onProgress = throttledProgress(events);
    const image = await step(BUILD, async () => {
      const published = await takePublished(source.published, {
        run,
        owner,
        events,
        step: BUILD,
        timeoutMs: DOWNLOAD_TIMEOUT_MS,
      });
      return published ?? (await source.prepare({ signal: run.interrupted, onProgress }));
    });
    if ('planned' in image) {
      tracker.finished(IMPORT, 'passed', null);
      return image;
    }
    onImage(image);
    for (const message of ownBinaryNotices(image)) events.emit({ type: 'notice', level: 'info', message });
    const way = { run, owner, events, step: IMPORT, timeoutMs: IMPORT_TIMEOUT_MS };
    return await step(IMPORT, async () => {
      const { name, storageDriver } = await bringIn(way, (call) => run.provider.ensureImage(image, call));
      return { planned: plannedNodeImage(image, name), found: null, storageDriver };
    });
  } finally {
    tracker.close();
  }
}

/** What others publish, where ours is not in the cache; null where it can't be had, and ours is to be built. */
async function takePublished(published: PublishedImage | null, way: Import): Promise<EngineImage | null> {
  if (published === null || (await published.isOursCached())) return null;
  const { image } = published;
  try {
    const ensured = await bringIn(way, (call) => way.run.provider.ensureForeignImage(image, call));
    const { name, found, storageDriver } = ensured;
    return { planned: plannedForeignImage(image, name), found, storageDriver };
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.class === 'interrupted') throw error;
    const message = `${formatForeignImage(image)} can not be had, so ours is built: ${error.failure.message}`;
    way.events.emit({ type: 'notice', level: 'info', message });
    return null;
  }
}

function throttledProgress(events: RunEvents): (progress: ImageProgress) => void {
  let lastAt = -Infinity;
  return ({ step: text, done, total, elapsedMs }) => {
    if (elapsedMs - lastAt < PROGRESS_INTERVAL_MS) return;
    lastAt = elapsedMs;
    events.emit({ type: 'step-progress', step: BUILD, text, done, total });
  };
}

/** Where an image is brought into the engine, and how that is told. */
interface Import {
  readonly run: ScenarioRun;
  readonly owner: Owner;
  readonly events: RunEvents;
  readonly step: StepInfo;
  readonly timeoutMs: number;
}

/** Import and unpacking happen once for an image; afterwards a node is a snapshot of it. */
async function bringIn<T extends EnsuredImage>(
  { run, owner, events, step, timeoutMs }: Import,
  ensure: (options: CallOptions & { onProgress(text: string): void }) => Promise<T>,
): Promise<T> {
  const { provider, store, runId } = run;
  const call = { timeoutMs, signal: run.interrupted };
  const onProgress = (text: string): void =>
    events.emit({ type: 'step-progress', step, text, done: null, total: null });
  const ensured = await ensure({ ...call, onProgress });
  if (ensured.storageDriver === 'dir') {
    const message =
      'the storage pool uses dir, which copies the image for each node: 3 to 6 s more; btrfs does not';
    events.emit({ type: 'notice', level: 'warning', message });
  }
  if (ensured.unpacked) return ensured;
  onProgress('unpacking the image into the storage pool');
  const instance = { kind: 'instance', name: `${runObjectName(runId)}-unpack` };
  const journal = store.journalOf(runId);
  journal.creating(instance);
  await provider.unpackImage(ensured.name, instance.name, owner, call);
  journal.removed(instance);
  return ensured;
}
