import test from 'ava';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listNodeImages, removeNodeImage } from '../../../src/images/cache/cached-images.ts';
import { ensureNodeImageWith, type NodeImageDependencies } from '../../../src/images/ensure-node-image.ts';
import type { NodeImageRecipe } from '../../../src/images/build/node-image-recipe.ts';
import type { ImageProgress } from '../../../src/images/node-image.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { FakeRunner } from './build-surroundings.ts';
import { fakeRecipe, KEY, SPEC } from './fake-recipe.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

function dependencies(cacheDir: string, changes: Partial<NodeImageDependencies> = {}): NodeImageDependencies {
  const { signal } = new AbortController();
  const runner = new FakeRunner();
  return {
    cacheDir,
    runner,
    rootPlace: null,
    signal,
    timeoutMs: 10_000,
    onProgress: () => undefined,
    ...changes,
  };
}

const nothing = (): Promise<void> => Promise.resolve();

test('an image is built once and then found', async (t) => {
  const cacheDir = temporaryDirectory(t);
  let builds = 0;
  const recipe = fakeRecipe(() => {
    builds += 1;
    return Promise.resolve();
  });
  const built = await ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir));
  const found = await ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir));
  t.is(builds, 1);
  t.deepEqual(found, built);
  if (built.format !== 'system-container') return t.fail('it is none of a system container');
  t.is(built.rootfsFile, join(cacheDir, 'images', KEY, 'rootfs.squashfs'));
  t.is(await readFile(built.metadataFile, 'utf8'), 'metadata');
  t.is(built.sizeBytes, 'root file system'.length);
  t.deepEqual(await listNodeImages(cacheDir), [built]);
});

/** A build that goes on until it is told to finish. */
function heldBuild(): {
  recipe: NodeImageRecipe;
  started: Promise<void>;
  finish: () => void;
  builds: () => number;
} {
  let builds = 0;
  const events = new EventEmitter();
  const started = once(events, 'started').then(() => undefined);
  const recipe = fakeRecipe(async () => {
    builds += 1;
    const finished = once(events, 'finish');
    events.emit('started');
    await finished;
  });
  return { recipe, started, finish: () => events.emit('finish'), builds: () => builds };
}

test('of two at once one builds, and the other says that it waits', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const { recipe, started, finish, builds } = heldBuild();
  const first = ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir));
  await started;
  const seen: string[] = [];
  const onProgress = ({ step }: ImageProgress): void => {
    seen.push(step);
    if (step.includes('waiting')) finish();
  };
  const second = ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir, { onProgress }));
  t.deepEqual(await second, await first);
  t.is(builds(), 1);
  t.regex(seen.join('\n'), /waiting: another process works at the node image for Kubernetes 1\.2\.3/);
});

test('a build that is killed leaves nothing that the next one could take', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const script = fileURLToPath(new URL('killed-build.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import=tsx', script, cacheDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const during = await readdir(join(cacheDir, 'images'));
  t.is(during.length, 1);
  t.regex(during[0] ?? '', /\.tmp-/);
  t.deepEqual(await listNodeImages(cacheDir), []);

  child.kill('SIGKILL');
  await once(child, 'exit');
  await ensureNodeImageWith(fakeRecipe(nothing), SPEC, dependencies(cacheDir));
  t.deepEqual(await readdir(join(cacheDir, 'images')), [KEY]);
});

test('an aborted build removes what it made and rejects with the reason', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const abort = new AbortController();
  const reason = new Error('stop');
  const recipe = fakeRecipe(async (_outDirectory, signal) => {
    abort.abort(reason);
    await delay(5000, undefined, { signal });
  });
  const error = await t.throwsAsync(
    ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir, { signal: abort.signal })),
  );
  t.is(error, reason);
  t.deepEqual(await readdir(join(cacheDir, 'images')), []);
});

test('waiting for another build ends at the signal', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const { recipe, started, finish } = heldBuild();
  const holder = ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir));
  await started;
  const abort = new AbortController();
  const reason = new Error('stop');
  const onProgress = ({ step }: ImageProgress): void => {
    if (step.includes('waiting')) abort.abort(reason);
  };
  const waiter = ensureNodeImageWith(
    recipe,
    SPEC,
    dependencies(cacheDir, { signal: abort.signal, onProgress }),
  );
  t.is(await t.throwsAsync(waiter), reason);
  finish();
  t.is((await holder).key, KEY);
});

test('a build out of time says what it was at', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const recipe = fakeRecipe((_outDirectory, signal) => delay(60_000, undefined, { signal }));
  const error = await t.throwsAsync(
    ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir, { timeoutMs: 2000 })),
    {
      instanceOf: FailureError,
    },
  );
  t.is(error.failure.class, 'infrastructure');
  t.regex(error.message, /was not ready within .* it was at: Building/);
  t.deepEqual(await readdir(join(cacheDir, 'images')), []);
});

test('a full disk is named, and the unfinished image removed', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const recipe = fakeRecipe(() =>
    Promise.reject(Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' })),
  );
  const error = await t.throwsAsync(ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir)), {
    instanceOf: FailureError,
  });
  t.regex(error.message, /the disk is full/);
  t.regex(error.failure.hint ?? '', /XDG_CACHE_HOME/);
  t.deepEqual(await readdir(join(cacheDir, 'images')), []);
});

test('an image is removed, and a second removal finds nothing', async (t) => {
  const cacheDir = temporaryDirectory(t);
  await ensureNodeImageWith(fakeRecipe(nothing), SPEC, dependencies(cacheDir));
  t.true(await removeNodeImage(KEY, cacheDir));
  t.false(await removeNodeImage(KEY, cacheDir));
  t.deepEqual(await listNodeImages(cacheDir), []);
});

test('what is beside the images of a cache is not one', async (t) => {
  const cacheDir = temporaryDirectory(t);
  t.deepEqual(await listNodeImages(cacheDir), []);
  await ensureNodeImageWith(fakeRecipe(nothing), SPEC, dependencies(cacheDir));
  await writeFile(join(cacheDir, 'images', 'notes.txt'), '');
  t.is((await listNodeImages(cacheDir)).length, 1);
});
