import test from 'ava';
import { loadNodeImageData, templatesDirectory } from '../../../src/images/cache/node-image-data.ts';
import {
  DEFAULT_KUBERNETES_VERSION,
  SUPPORTED_KUBERNETES_VERSIONS,
} from '../../../src/scenario/supported-versions.ts';

test('a scenario may name each release that a node image can be made of, and no other', async (t) => {
  const { catalogue } = await loadNodeImageData(templatesDirectory());
  t.deepEqual([...SUPPORTED_KUBERNETES_VERSIONS].sort(), Object.keys(catalogue.releases).sort());
  t.is(DEFAULT_KUBERNETES_VERSION, catalogue.default);
});

test('the newest release is named first, so that messages offer it', (t) => {
  const numbers = SUPPORTED_KUBERNETES_VERSIONS.map((version) => version.split('.').map(Number));
  for (const [index, [major = 0, minor = 0, patch = 0]] of numbers.entries()) {
    const [nextMajor = 0, nextMinor = 0, nextPatch = 0] = numbers[index + 1] ?? [];
    t.true((major - nextMajor || minor - nextMinor || patch - nextPatch) > 0);
  }
});
