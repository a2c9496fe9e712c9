import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RunStore, type RunRecord } from '../../../src/run/run-store.ts';

const record: RunRecord = {
  schemaVersion: 1,
  runId: 'a1b2c3',
  scenario: { name: 'quickstart', file: 'scenarios/quickstart.yaml' },
  provider: 'lxd',
  lease: {
    machineId: 'machine',
    bootId: 'boot',
    pid: 1,
    startTicks: 1,
    expiresAt: '2026-01-01T00:00:00.000Z',
  },
  startedAt: '2026-01-01T00:00:00.000Z',
  state: 'running',
  ranges: [],
  nodes: [],
  reportDir: '/tmp/report',
};

test('a run is recorded where its report was begun, and its id is not taken twice', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'twinstack-store-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const store = new RunStore(directory);
  await mkdir(join(store.directoryOf(record.runId), 'report'), { recursive: true });
  await store.create(record);
  t.deepEqual(await store.list(), [record]);
  await t.throwsAsync(store.create(record), { code: 'EEXIST' });
});
