import test from 'ava';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildFolders,
  type BuildMessage,
  type BuildOrder,
} from '../../../../src/images/build/build-in-root-place.ts';
import { buildPreparedImage } from '../../../../src/images/build/build-prepared-image.ts';
import { BuildProgress } from '../../../../src/images/build/build-progress.ts';
import { missingBuildPackages } from '../../../../src/images/build/build-host.ts';
import { ensureNodeImageWith, type NodeImageDependencies } from '../../../../src/images/ensure-node-image.ts';
import { systemPath } from '../../../../src/process/system-path.ts';
import { CommandError } from '../../../../src/process/command-runner.ts';
import { FailureError, type Failure } from '../../../../src/run/failure.ts';
import { buildContext, FakeRunner } from '../build-surroundings.ts';
import { fakeRecipe, KEY, SPEC } from '../fake-recipe.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import type { ImageProgress } from '../../../../src/images/node-image.ts';
import type { NodeImageRecipe } from '../../../../src/images/build/node-image-recipe.ts';
import type { RootPlace, RootPlaceOptions } from '../../../../src/images/build/root-place.ts';

const PREPARED = fakeRecipe(() => Promise.resolve());

/** A place whose program does what the test says. */
function place(run: (order: BuildOrder, say: (message: BuildMessage) => void) => Promise<void>): RootPlace {
  return {
    check: () => Promise.resolve(),
    run: async (command, _folders, { onLine }: RootPlaceOptions) => {
      const order = JSON.parse(command.at(-1) ?? '') as BuildOrder;
      await run(order, (message) => onLine(JSON.stringify(message), 'stdout'));
    },
  };
}

function dependencies(
  cacheDir: string,
  rootPlace: RootPlace,
  seen: ImageProgress[] = [],
): NodeImageDependencies {
  const { signal } = new AbortController();
  const onProgress = (progress: ImageProgress): void => void seen.push(progress);
  return { cacheDir, runner: new FakeRunner(), rootPlace, signal, timeoutMs: 10_000, onProgress };
}

const exited = (): CommandError =>
  new CommandError('lxc ended with status 1', { kind: 'exit', command: ['lxc'], exitCode: 1 });

test('what needs no root is done first, and the place goes on with it', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const did: string[] = [];
  const recipe: NodeImageRecipe = {
    ...PREPARED,
    stepCount: () => 2,
    prepare: (_spec, context, progress) =>
      progress.step('Compiling', context, () => Promise.resolve(void did.push('prepared'))),
  };
  const seen: ImageProgress[] = [];
  const image = await ensureNodeImageWith(
    recipe,
    SPEC,
    dependencies(
      cacheDir,
      place(async ({ spec, key, before }, say) => {
        did.push('built in the place');
        t.is(key, KEY);
        const tell = (progress: ImageProgress): void => say({ kind: 'progress', progress });
        const progress = new BuildProgress(2, tell, before);
        await buildPreparedImage(recipe, spec, key, buildContext(cacheDir), progress);
      }),
      seen,
    ),
  );
  t.deepEqual(did, ['prepared', 'built in the place']);
  t.is(image.key, KEY);
  // Its steps are counted on from those before it.
  t.like(seen.at(-1), { step: 'Building', done: 1, total: 2 });
});

test('of two builds at once one makes the place, and the other finds the image', async (t) => {
  const cacheDir = temporaryDirectory(t);
  let places = 0;
  const building = place(async ({ spec, key }) => {
    places += 1;
    const progress = new BuildProgress(1, () => undefined);
    await buildPreparedImage(PREPARED, spec, key, buildContext(cacheDir), progress);
  });
  const both = [1, 2].map(() => ensureNodeImageWith(PREPARED, SPEC, dependencies(cacheDir, building)));
  const [one, other] = await Promise.all(both);
  t.deepEqual(one, other);
  t.is(places, 1);
});

test('a failure of the build comes through as it was', async (t) => {
  const failure: Failure = {
    class: 'infrastructure',
    step: 'image',
    message: 'disk full',
    hint: 'Make room.',
  };
  const failing = place((_order, say) => {
    say({ kind: 'failed', failure, stack: '' });
    return Promise.reject(exited());
  });
  const error = await t.throwsAsync(
    ensureNodeImageWith(PREPARED, SPEC, dependencies(temporaryDirectory(t), failing)),
    { instanceOf: FailureError },
  );
  t.deepEqual(error.failure, failure);
});

test('a mistake of ours keeps its stack', async (t) => {
  const failing = place((_order, say) => {
    say({ kind: 'failed', failure: null, stack: 'TypeError: x\n    at build' });
    return Promise.reject(exited());
  });
  await t.throwsAsync(ensureNodeImageWith(PREPARED, SPEC, dependencies(temporaryDirectory(t), failing)), {
    message: 'TypeError: x\n    at build',
  });
});

test('a place that ends without a word is a failure of the infrastructure', async (t) => {
  const failing = place(() => Promise.reject(exited()));
  const error = await t.throwsAsync(
    ensureNodeImageWith(PREPARED, SPEC, dependencies(temporaryDirectory(t), failing)),
    { instanceOf: FailureError },
  );
  t.is(error.failure.class, 'infrastructure');
});

test('where there can be no place, nothing is compiled', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const failure: Failure = { class: 'preflight', step: 'preflight', message: 'no engine', hint: null };
  const nowhere: RootPlace = {
    check: () => Promise.reject(new FailureError(failure)),
    run: () => Promise.reject(new Error('was run')),
  };
  const recipe = { ...PREPARED, prepare: () => Promise.reject(new Error('was prepared')) };
  await t.throwsAsync(ensureNodeImageWith(recipe, SPEC, dependencies(cacheDir, nowhere)), {
    message: 'no engine',
  });
  t.deepEqual(await readdir(cacheDir), []);
});

const pathsOf = (packageFolder: string, nodeFile: string): string[] =>
  buildFolders('/home/u/.cache/twinstack', packageFolder, nodeFile).map(
    ({ path, writable }) => `${path}${writable ? ' (writable)' : ''}`,
  );

test('a place sees the package and Node wherever they are, and each folder once', (t) => {
  const rest = ['/usr', '/etc/alternatives'];
  const cache = '/home/u/.cache/twinstack (writable)';
  t.deepEqual(pathsOf('/home/u/twinstack/', '/usr/bin/node'), [...rest, '/home/u/twinstack', cache]);
  t.deepEqual(pathsOf('/usr/lib/node_modules/twinstack/', '/usr/bin/node'), [...rest, cache]);
  t.deepEqual(pathsOf('/home/u/x/node_modules/twinstack/', '/home/u/.nvm/v20/bin/node'), [
    ...rest,
    '/home/u/.nvm/v20',
    join('/home/u/x', 'node_modules'),
    cache,
  ]);
  t.deepEqual(pathsOf('/opt/node/lib/node_modules/twinstack/', '/opt/node/bin/node'), [
    ...rest,
    '/opt/node',
    cache,
  ]);
});

test('programs for administrators are found with the PATH of everybody else', async (t) => {
  t.is(
    systemPath('/opt/go/bin:/usr/bin'),
    '/opt/go/bin:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin:/bin:/snap/bin',
  );
  t.deepEqual(
    await missingBuildPackages('/nowhere'),
    await missingBuildPackages('/usr/sbin:/usr/bin:/sbin:/bin'),
  );
});
