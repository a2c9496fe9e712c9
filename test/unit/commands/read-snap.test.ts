import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readSnap } from '../../../src/commands/read-snap.ts';
import { never } from '../../support/never.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** What is wrong with a snap. */
async function complaint(file: string, dangerous = false): Promise<string> {
  const read = await readSnap(file, dangerous, never());
  return typeof read === 'string' ? read : 'nothing';
}

test('a snap is taken with what vouches for it beside it', async (t) => {
  const folder = temporaryDirectory(t);
  const file = join(folder, 'k8s_3400.snap');
  writeFileSync(file, 'snap');
  writeFileSync(join(folder, 'k8s_3400.assert'), 'type: snap-revision');
  const snap = await readSnap(file, false, never());
  t.like(snap, { name: 'k8s_3400.snap', snap: { file, sizeBytes: 4 }, assert: { sizeBytes: 19 } });
});

test('without that it is taken only where the scenario says so', async (t) => {
  const file = join(temporaryDirectory(t), 'k8s.snap');
  writeFileSync(file, 'snap');
  t.regex(
    await complaint(file),
    /^has no k8s\.assert beside it, .*`snap download`, or write install\.dangerous: true$/,
  );
  t.like(await readSnap(file, true, never()), { name: 'k8s.snap', assert: null });
});

test('what is not there or no file is told', async (t) => {
  const folder = temporaryDirectory(t);
  t.is(await complaint(join(folder, 'k8s.snap'), true), "can't be read: there is no such file");
  mkdirSync(join(folder, 'k8s_1.snap'));
  t.regex(await complaint(join(folder, 'k8s_1.snap'), true), /^can't be read: EISDIR/);
});

test('it stops when it is told to', async (t) => {
  const file = join(temporaryDirectory(t), 'k8s.snap');
  writeFileSync(file, 'snap');
  await t.throwsAsync(readSnap(file, true, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
});
