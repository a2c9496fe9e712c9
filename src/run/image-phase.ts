import { StepTracker } from './step-tracker.ts';
import { ownBinaryNotices } from '../images/sources/own-binary-notices.ts';
import { runObjectName } from '../plan/assemble-plan.ts';
import { plannedForeignImage, plannedNodeImage, type PlannedImage } from '../plan/planned-image.ts';
import { formatForeignImage } from '../scenario/foreign-image-name.ts';
import type { StepInfo } from './event.ts';
import type { RunEvents } from './run-events.ts';
import type { RunImage, ScenarioRun } from './scenario-run.ts';
import type { ImageProgress, NodeImage } from '../images/node-image.ts';
import type { ForeignImage } from '../images/foreign-image.ts';
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
      return await step(info, () => getForeignImage(source, info, run, owner, events));
    }
    const onProgress = throttledProgress(events);
    const image = await step(BUILD, () => source.prepare({ signal: run.interrupted, onProgress }));
    onImage(image);
    for (const message of ownBinaryNotices(image)) events.emit({ type: 'notice', level: 'info', message });
    return await step(IMPORT, () => importImage(image, run, owner, events));
  } finally {
    tracker.close();
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

async function importImage(
  image: NodeImage,
  run: ScenarioRun,
  owner: Owner,
  events: RunEvents,
): Promise<EngineImage> {
  const call = { timeoutMs: IMPORT_TIMEOUT_MS, signal: run.interrupted };
  const onProgress = progressOf(IMPORT, events);
  const ensured = await run.provider.ensureImage(image, { ...call, onProgress });
  await unpack(ensured, { run, owner, events, call, onProgress });
  const { name, storageDriver } = ensured;
  return { planned: plannedNodeImage(image, name), found: null, storageDriver };
}

async function getForeignImage(
  image: ForeignImage,
  info: StepInfo,
  run: ScenarioRun,
  owner: Owner,
  events: RunEvents,
): Promise<EngineImage> {
  const call = { timeoutMs: DOWNLOAD_TIMEOUT_MS, signal: run.interrupted };
  const onProgress = progressOf(info, events);
  const { found, ...ensured } = await run.provider.ensureForeignImage(image, { ...call, onProgress });
  await unpack(ensured, { run, owner, events, call, onProgress });
  return {
    planned: plannedForeignImage(image, ensured.name),
    found,
    storageDriver: ensured.storageDriver,
  };
}

function progressOf(step: StepInfo, events: RunEvents): (text: string) => void {
  return (text) => events.emit({ type: 'step-progress', step, text, done: null, total: null });
}

/** Import and unpacking happen once for an image; afterwards a node is a snapshot of it. */
async function unpack(
  { name, unpacked, storageDriver }: EnsuredImage,
  {
    run: { provider, store, runId },
    owner,
    events,
    call,
    onProgress,
  }: {
    readonly run: ScenarioRun;
    readonly owner: Owner;
    readonly events: RunEvents;
    readonly call: CallOptions;
    onProgress(text: string): void;
  },
): Promise<void> {
  if (storageDriver === 'dir') {
    const message =
      'the storage pool uses dir, which copies the image for each node: 3 to 6 s more; btrfs does not';
    events.emit({ type: 'notice', level: 'warning', message });
  }
  if (unpacked) return;
  onProgress('unpacking the image into the storage pool');
  const instance = { kind: 'instance', name: `${runObjectName(runId)}-unpack` };
  const journal = store.journalOf(runId);
  journal.creating(instance);
  await provider.unpackImage(name, instance.name, owner, call);
  journal.removed(instance);
}
