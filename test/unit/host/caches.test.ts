import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cacheLines, listCaches, removeCaches } from '../../../src/commands/caches.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { Workbench } from '../../../src/commands/command-context.ts';

test('caches are listed with place and size, and afterwards nothing of them is there', async (t) => {
  const root = temporaryDirectory(t);
  const cache = join(root, 'twinstack');
  await mkdir(join(cache, 'components', 'etcd-abc'), { recursive: true });
  await writeFile(join(cache, 'components', 'etcd-abc', 'etcd'), 'x'.repeat(100_000));
  await mkdir(join(cache, 'go'), { recursive: true });
  const workbench = {
    directories: { cache, state: root },
    providers: new Map([['lxd', new InMemoryProvider()]]),
  } as unknown as Workbench;
  const items = await listCaches(workbench, never());
  t.deepEqual(
    items.map(({ kind, name, path }) => [kind, name, path]),
    [
      ['component', 'etcd-abc', join(cache, 'components', 'etcd-abc')],
      ['folder', 'go', join(cache, 'go')],
    ],
  );
  t.true((items[0]?.sizeBytes ?? 0) >= 100_000);
  t.regex(cacheLines(items).join('\n'), /component +1 MB/);
  t.deepEqual(await removeCaches(workbench, never(), () => undefined), []);
  t.deepEqual(await readdir(root), []);
  t.deepEqual(await listCaches(workbench, never()), []);
});
