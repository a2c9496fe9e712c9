import test from 'ava';
import { readFile } from 'node:fs/promises';
import { ContainerClient } from '../../../../src/providers/kind/container-client.ts';
import {
  ensureContainerImage,
  ensurePublishedImage,
  listCachedImages,
} from '../../../../src/providers/kind/container-image.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { never } from '../../../support/never.ts';
import { printed, ScriptedEngine, type Said } from '../../../support/scripted-engine.ts';

const CALL = { timeoutMs: 1000, signal: never() };
const NONE: Said = { stdout: '[]\n', stderr: 'Error: No such image: x', exitCode: 1 };
const PUBLISHED = { remote: 'kindest', alias: 'node:v1.36.3' };
const RECORDED = new URL('../../../fixtures/docker-20.10/image.json', import.meta.url);

interface Image {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly Size: number;
  readonly Config: { readonly Labels: Record<string, string> };
}

async function recordedImage(): Promise<Image> {
  const [image] = JSON.parse(await readFile(RECORDED, 'utf8')) as Image[];
  if (image === undefined) throw new Error('no image was recorded');
  return image;
}

/** An engine that has an image from the nth look at it on; a pull says this. */
function engineWith(image: Image, from: number, pull: Said = {}): ScriptedEngine {
  let looks = 0;
  return new ScriptedEngine((command) => {
    if (command.includes(' image inspect ')) return looks++ >= from ? printed(image) : NONE;
    if (command.includes(' image pull ')) return pull;
    if (command.includes(' image ls ')) return { stdout: `${image.Id}\n` };
    return {};
  });
}

test('a published image that is there is not pulled', async (t) => {
  const image = await recordedImage();
  const engine = engineWith(image, 0);
  const found = await ensurePublishedImage(new ContainerClient(engine, 'docker'), PUBLISHED, CALL);
  t.deepEqual(found, {
    ...PUBLISHED,
    reference: 'kindest/node:v1.36.3',
    fingerprint: image.Id.replace('sha256:', ''),
    server: 'kindest',
  });
  t.deepEqual(engine.commands, ['docker image inspect kindest/node:v1.36.3']);
});

test('one that is not there is pulled, and that is told', async (t) => {
  const engine = engineWith(await recordedImage(), 1);
  const told: string[] = [];
  const options = { ...CALL, onProgress: (text: string) => void told.push(text) };
  const { reference } = await ensurePublishedImage(new ContainerClient(engine, 'podman'), PUBLISHED, options);
  t.is(reference, 'kindest/node:v1.36.3');
  t.deepEqual(told, ['pulling kindest/node:v1.36.3']);
  t.true(engine.commands.includes('podman image pull --quiet kindest/node:v1.36.3'));
});

for (const { title, pull, message } of [
  {
    title: 'no registry can be reached',
    pull: {
      exitCode: 1,
      stderr:
        'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: no such host\n',
    },
    message: /^kindest\/node:v1\.36\.3 can not be pulled: .*no such host$/,
  },
  {
    title: 'the registry does not have it',
    pull: {
      exitCode: 1,
      stderr: 'Error response from daemon: manifest for kindest/node:v1.36.3 not found: manifest unknown\n',
    },
    message: /can not be pulled: .*manifest unknown$/,
  },
  { title: 'it is pulled and not there', pull: {}, message: /docker pulled it and does not have it$/ },
]) {
  test(`${title}: a failure of the infrastructure that names our own image`, async (t) => {
    const engine = engineWith(await recordedImage(), Infinity, pull);
    const pulling = ensurePublishedImage(new ContainerClient(engine, 'docker'), PUBLISHED, CALL);
    const error = await t.throwsAsync(pulling, { instanceOf: FailureError });
    t.is(error.failure.class, 'infrastructure');
    t.regex(error.failure.message, message);
    t.regex(error.failure.hint ?? '', /image build --for kind/);
  });
}

const OURS = 'twinstack.local/kind-node:v1.36.3-3cbbe7cd98d9';

for (const { title, key, there, loads } of [
  { title: 'ours is there', key: null, there: true, loads: false },
  { title: 'another image has its name', key: 'another', there: true, loads: true },
  { title: 'ours is not there', key: null, there: false, loads: true },
]) {
  test(`${title}: ${loads ? 'loaded' : 'not loaded again'}`, async (t) => {
    const image = await recordedImage();
    const engine = engineWith(image, there ? 0 : Infinity);
    const name = await ensureContainerImage(
      new ContainerClient(engine, 'docker'),
      {
        key: key ?? image.Config.Labels['twinstack.cache'] ?? '',
        archiveFile: '/cache/image.tar',
        reference: OURS,
      },
      CALL,
    );
    t.is(name, OURS);
    t.is(engine.commands.includes('docker image load --quiet --input /cache/image.tar'), loads);
  });
}

test('what stays on purpose is found by its label', async (t) => {
  const engine = engineWith(await recordedImage(), 0);
  t.deepEqual(await listCachedImages(new ContainerClient(engine, 'docker'), CALL), [
    { kind: 'engine-image', name: OURS, sizeBytes: 1_048_482_875 },
  ]);
  t.is(engine.commands[0], 'docker image ls --quiet --filter label=twinstack.cache');
});
