import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Journal } from '../../../src/run/journal.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NETWORK = { kind: 'network', name: 'ts-k7f3q2' };
const PROFILE = { kind: 'profile', name: 'ts-k7f3q2' };
const NODE = { kind: 'instance', name: 'ts-k7f3q2-control-plane-1' };

function fileOf(directory: string): string {
  return join(directory, readdirSync(directory)[0] ?? '');
}

test('what was begun is there for the next process, newest first', (t) => {
  const directory = temporaryDirectory(t);
  const journal = new Journal(directory);
  for (const ref of [NETWORK, PROFILE, NODE]) journal.creating(ref);
  t.deepEqual(new Journal(directory).remaining(), [NODE, PROFILE, NETWORK]);
});

test('what was removed is not there, though its name is in use by another kind', (t) => {
  const journal = new Journal(temporaryDirectory(t));
  for (const ref of [NETWORK, PROFILE]) journal.creating(ref);
  journal.removed(NETWORK);
  t.deepEqual(journal.remaining(), [PROFILE]);
});

test('what was created again after its removal is there again', (t) => {
  const journal = new Journal(temporaryDirectory(t));
  journal.creating(NETWORK);
  journal.removed(NETWORK);
  journal.creating(NETWORK);
  t.deepEqual(journal.remaining(), [NETWORK]);
});

test('what is begun twice is there once', (t) => {
  const journal = new Journal(temporaryDirectory(t));
  journal.creating(NODE);
  journal.creating(NODE);
  t.deepEqual(journal.remaining(), [NODE]);
});

test('a journal that nothing was written to is empty', (t) => {
  t.deepEqual(new Journal(join(temporaryDirectory(t), 'new')).remaining(), []);
});

test('a line that a kill cut off is passed over, and spoils nothing that is written after it', (t) => {
  const directory = temporaryDirectory(t);
  new Journal(directory).creating(NETWORK);
  appendFileSync(fileOf(directory), '{"at":"2026-03-04T05:06:07.000Z","event":"crea');
  const next = new Journal(directory);
  t.deepEqual(next.remaining(), [NETWORK]);
  next.creating(PROFILE);
  next.removed(NETWORK);
  t.deepEqual(next.remaining(), [PROFILE]);
});

test('each line is JSON with a time, and nobody else may read it', (t) => {
  const directory = temporaryDirectory(t);
  const journal = new Journal(directory);
  journal.creating(NODE);
  journal.removed(NODE);
  const lines = readFileSync(fileOf(directory), 'utf8').trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as { event: string }).event),
    ['creating', 'removed'],
  );
  for (const line of lines) t.true(Number.isFinite(Date.parse((JSON.parse(line) as { at: string }).at)));
  t.is(statSync(fileOf(directory)).mode & 0o777, 0o600);
});
