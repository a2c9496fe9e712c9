// Run as a process of its own by ensure-node-image.test.ts: builds, says so, and never ends by itself.
import { setTimeout as delay } from 'node:timers/promises';
import { ensureNodeImageWith } from '../../../src/images/ensure-node-image.ts';
import { FakeRunner } from './build-surroundings.ts';
import { fakeRecipe, SPEC } from './fake-recipe.ts';

const recipe = fakeRecipe(async () => {
  process.stdout.write('building\n');
  await delay(60_000);
});
const signal = new AbortController().signal;
await ensureNodeImageWith(recipe, SPEC, {
  cacheDir: process.argv[2] ?? '',
  runner: new FakeRunner(),
  rootPlace: null,
  signal,
  timeoutMs: 60_000,
  onProgress: () => undefined,
});
