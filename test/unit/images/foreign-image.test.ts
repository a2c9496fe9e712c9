import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { foreignImageOf } from '../../../src/images/foreign-image.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const fromStore = sampleScenario({
  distribution: { name: 'k8s-snap', version: '1.36.3' },
  install: { from: 'snap-store', channel: '1.36-classic/stable' },
});

test('a snap is installed in Ubuntu, unless the scenario names another image', async (t) => {
  t.like(await foreignImageOf(fromStore, {}), { remote: 'ubuntu', alias: '24.04' });
  const named = { ...fromStore, image: 'local:mine' };
  t.like(await foreignImageOf(named, {}), { remote: 'local', alias: 'mine' });
  t.is(await foreignImageOf(sampleScenario(), {}), null);
});

test('a file of mirrors names another image, and other containers; what it leaves out stays', async (t) => {
  const file = join(temporaryDirectory(t), 'upstream.json');
  const probe = { image: 'mirror.example.test/curl:1' };
  await writeFile(file, JSON.stringify({ machineImage: 'mirror:ubuntu/24.04', containerImages: { probe } }));
  const image = await foreignImageOf(fromStore, { TWINSTACK_UPSTREAM: file });
  t.like(image, { remote: 'mirror', alias: 'ubuntu/24.04' });
  t.deepEqual(image?.containers.probe, probe);
  t.regex(image?.containers.nginxdualstack.image ?? '', /nginxdualstack:1\.0\.0$/);
});

test('an image that is none is refused, with the name of the file', async (t) => {
  const file = join(temporaryDirectory(t), 'upstream.json');
  await writeFile(file, JSON.stringify({ machineImage: 'ubuntu' }));
  const error = await t.throwsAsync(foreignImageOf(fromStore, { TWINSTACK_UPSTREAM: file }), {
    instanceOf: FailureError,
  });
  t.is(error.failure.class, 'usage');
  t.true(error.message.includes(file));
  t.regex(error.message, /must be REMOTE:ALIAS/);
});
