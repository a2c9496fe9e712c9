import test from 'ava';
import { ARCHITECTURE_NAMES, hostArchitecture } from '../../../../src/images/architecture.ts';
import { checkBuildHost } from '../../../../src/images/build/build-host.ts';
import { imageForHost } from '../../../../src/images/image-for-host.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { buildContext } from '../build-surroundings.ts';
import type { ComponentSource } from '../../../../src/images/sources/component-source.ts';

/** A source that can't be used here, so that nothing is ever built. */
const source: ComponentSource = {
  name: 'none',
  activity: 'building',
  available: () => Promise.resolve({ available: false, reason: 'no source', hint: 'none' }),
  inputs: () => Promise.resolve(null),
  build: () => Promise.reject(new Error('nothing is built here')),
};

const MACHINES = [
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
  ['s390x', null],
  ['arm', null],
] as const;

for (const [machine, architecture] of MACHINES) {
  test(`${machine} is ${architecture ?? 'no architecture of ours'}`, (t) => {
    t.is(hostArchitecture(machine), architecture);
    if (architecture === null) {
      const error = t.throws(() => imageForHost('1.2.3', machine), { instanceOf: FailureError });
      t.like(error?.failure, { class: 'preflight', step: 'image' });
      t.regex(error?.failure.hint ?? '', /amd64 and arm64/);
    } else {
      t.deepEqual(imageForHost('1.2.3', machine), { kubernetesVersion: '1.2.3', architecture });
    }
  });

  for (const wanted of ARCHITECTURE_NAMES) {
    const refused = wanted !== architecture;
    test(`an image for ${wanted} on ${machine} is ${refused ? 'refused' : 'not refused for that'}`, async (t) => {
      const context = buildContext(temporaryDirectory(t));
      const spec = { kubernetesVersion: '1.2.3', architecture: wanted };
      const error = await t.throwsAsync(checkBuildHost(spec, [source], context, machine), {
        instanceOf: FailureError,
      });
      t.is(error?.failure.class, 'preflight');
      t.is(/can't be built here: this host is/.test(error?.message ?? ''), refused, error?.message);
      if (refused) t.regex(error?.failure.hint ?? '', /export and import it/);
    });
  }
}
