import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { removeTree } from '../cache/cache-entry.ts';
import { imageFailure } from '../image-failure.ts';
import { remainingMs, type BuildContext } from '../build/build-context.ts';
import { runTool } from '../build/run-tool.ts';
import { CommandError } from '../../process/command-runner.ts';
import { renderTemplate } from '../../plan/render-template.ts';
import { waitUntil, type Look } from '../../run/wait-until.ts';

/** How long containerd may take to answer after its start, in milliseconds. */
const START_TIMEOUT_MS = 30_000;

/** How long it may take to end; the command runner kills it well before. */
const STOP_TIMEOUT_MS = 15_000;

/**
 * `pinned`: the kubelet never removes such an image to gain space; no registry could give it back. `managed`: what the kubelet's side
 * of containerd marks its own images with.
 */
const LABELS = ['io.cri-containerd.image=managed', 'io.cri-containerd.pinned=pinned'];

/** What is imported, and into what. */
export interface ImportInputs {
  readonly containerd: string;
  readonly ctr: string;
  /** The template of containerd's configuration. */
  readonly configTemplate: string;
  /** containerd's root in the tree. */
  readonly root: string;
  readonly archives: readonly string[];
  /** The references that must be there at the end. */
  readonly references: readonly string[];
  /** Other names for images that are there, by the new name. */
  readonly names?: ReadonlyMap<string, string>;
}

/**
 * Imports and unpacks container images into the content store of a tree that is not running, through a containerd of its own that
 * ends with the call. Of the content only manifests and configurations stay: an unpacked image needs its layers no more, and
 * containerd starts pods without them.
 */
export async function importContainerImages(inputs: ImportInputs, context: BuildContext): Promise<void> {
  // Not below the cache: a socket's path may have 107 characters, and nobody knows how deep a cache is.
  const state = await mkdtemp(join(tmpdir(), 'twinstack-'));
  const socket = join(state, 'containerd.sock');
  try {
    await mkdir(inputs.root, { recursive: true, mode: 0o711 });
    const config = join(state, 'config.toml');
    const values = new Map(Object.entries({ root: inputs.root, state: join(state, 'state'), socket }));
    await writeFile(config, renderTemplate(inputs.configTemplate, values));
    await withContainerd(inputs.containerd, config, context, async (running) => {
      const ctr = (purpose: string, ...args: string[]): Promise<string> =>
        runCtr(inputs.ctr, socket, args, purpose, { ...context, signal: running });
      await waitForContainerd(inputs.ctr, socket, { ...context, signal: running });
      for (const archive of inputs.archives) {
        const name = basename(archive, '.tar');
        context.report(name);
        const flags = [
          '--local',
          '--discard-unpacked-layers',
          '--snapshotter=overlayfs',
          ...LABELS.flatMap((label) => ['--label', label]),
        ];
        await ctr(`importing the container image ${name}`, 'images', 'import', ...flags, archive);
        await rm(archive);
      }
      await ctr('removing layers that are unpacked', 'content', 'prune', 'references');
      for (const [name, reference] of inputs.names ?? [])
        await ctr(`naming ${reference}`, 'images', 'tag', '--local', '--force', reference, name);
      const present = new Set(
        (await ctr('listing container images', 'images', 'list', '--quiet')).split('\n'),
      );
      const missing = inputs.references.filter((reference) => !present.has(reference));
      if (missing.length > 0) throw new Error(`containerd did not keep ${missing.join(', ')}`);
    });
    // What a running containerd writes for itself; each node makes its own.
    for (const name of ['io.containerd.grpc.v1.introspection', 'tmpmounts'])
      await removeTree(join(inputs.root, name));
  } finally {
    await removeTree(state);
  }
}

/**
 * Runs containerd while the work is done. In a mount namespace of its own, so that no mount outlives it; it gets SIGTERM at the end,
 * and SIGKILL should we be killed.
 */
async function withContainerd(
  containerd: string,
  config: string,
  context: BuildContext,
  work: (running: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const ended = new AbortController();
  const args = [
    '--pdeathsig',
    'KILL',
    'unshare',
    '--mount',
    '--',
    containerd,
    '--config',
    config,
    '--log-level',
    'warn',
  ];
  const process = context.runner
    .run('setpriv', args, {
      timeoutMs: remainingMs(context) + STOP_TIMEOUT_MS,
      // Only our own end stops it: it must outlive an aborted ctr, and be gone when this function returns.
      signal: stop.signal,
    })
    .then(
      () => new Error('containerd ended by itself'),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
    .then((error) => {
      if (!stop.signal.aborted)
        ended.abort(imageFailure('containerd did not stay up to take the images', error));
    });
  try {
    await work(AbortSignal.any([context.signal, ended.signal]));
  } finally {
    stop.abort(new Error('all images are imported'));
    await process;
  }
}

async function waitForContainerd(ctr: string, socket: string, context: BuildContext): Promise<void> {
  const look = async (): Promise<Look<null>> => {
    try {
      await context.runner.run(ctr, ['--address', socket, 'version'], {
        timeoutMs: 5000,
        signal: context.signal,
      });
      return { met: true, value: null };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { met: false, missing: error.lastLines(1)[0] ?? error.message };
    }
  };
  const timeoutMs = Math.min(START_TIMEOUT_MS, remainingMs(context));
  await waitUntil(look, {
    condition: 'containerd answers',
    timeoutMs,
    intervalMs: 100,
    signal: context.signal,
  });
}

async function runCtr(
  ctr: string,
  socket: string,
  args: readonly string[],
  purpose: string,
  context: BuildContext,
): Promise<string> {
  const { stdout } = await runTool(context, ctr, ['--address', socket, '--namespace', 'k8s.io', ...args], {
    purpose,
  });
  return stdout;
}
