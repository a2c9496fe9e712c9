import test from 'ava';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureCacheEntry,
  unlessCacheLocked,
  withCacheLock,
} from '../../../../src/images/cache/cache-entry.ts';
import { buildContext, FakeRunner } from '../build-surroundings.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

test('an entry is on disk before it is in its place', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const directory = join(cacheDir, 'components', 'etcd-1');
  const inPlace: string[][] = [];
  const runner = new FakeRunner({ sync: () => ({}) });
  const context = buildContext(cacheDir, { runner });
  const outcome = await ensureCacheEntry({ directory, title: 'etcd' }, context, async (temporary) => {
    inPlace.push(await readdir(join(cacheDir, 'components')));
    await writeFile(join(temporary, 'etcd'), 'program');
  });
  t.is(outcome, 'built');
  t.regex(inPlace[0]?.[0] ?? '', /^etcd-1\.tmp-/);
  t.deepEqual(await readdir(directory), ['etcd']);
  t.is(runner.calls[0]?.[0], 'sync');
});

test('leftovers of builds that ended are removed, those of running ones not', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const components = join(cacheDir, 'components');
  for (const name of ['etcd-1.tmp-x', 'coredns-1.tmp-x', 'kubernetes-1.tmp-x']) {
    await mkdir(join(components, name), { recursive: true });
  }
  const context = buildContext(cacheDir);
  await withCacheLock(join(components, 'kubernetes-1'), 'kubernetes', context, async () => {
    const entry = { directory: join(components, 'etcd-1'), title: 'etcd' };
    await ensureCacheEntry(entry, context, () => Promise.resolve());
  });
  t.deepEqual((await readdir(components)).sort(), ['etcd-1', 'kubernetes-1.tmp-x']);
});

test('an entry that could not be made leaves nothing', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const entry = { directory: join(cacheDir, 'components', 'etcd-1'), title: 'etcd 1' };
  const failing = ensureCacheEntry(entry, buildContext(cacheDir), () =>
    Promise.reject(new Error('no network')),
  );
  await t.throwsAsync(failing, { message: 'could not make etcd 1: no network' });
  t.deepEqual(await readdir(join(cacheDir, 'components')), []);
});

test('waiting for a lock ends at the deadline', async (t) => {
  const cacheDir = temporaryDirectory(t);
  const path = join(cacheDir, 'go');
  await withCacheLock(path, 'Go', buildContext(cacheDir), async () => {
    const late = buildContext(cacheDir, { deadline: performance.now() + 50 });
    await t.throwsAsync(
      withCacheLock(path, 'Go', late, () => Promise.resolve()),
      { message: /not met within .* another process has finished Go/ },
    );
  });
});

test('what can wait for another time is left while somebody works there', async (t) => {
  const context = buildContext(temporaryDirectory(t));
  const path = join(context.cacheDir, 'go');
  let times = 0;
  const work = (): Promise<void> => {
    times += 1;
    return Promise.resolve();
  };
  await withCacheLock(path, 'Go', context, () => unlessCacheLocked(path, context, work));
  t.is(times, 0);
  await unlessCacheLocked(path, context, work);
  t.is(times, 1);
});
