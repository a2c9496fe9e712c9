import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { lxdGet, realTest as test } from './real-engine.ts';
import { HostCommandRunner } from '../../src/process/host-command-runner.ts';
import { LXD } from '../../src/providers/lxc/dialect.ts';
import { LxcClient } from '../../src/providers/lxc/lxc-client.ts';
import { ensureLxcForeignImage } from '../../src/providers/lxc/lxc-foreign-image.ts';
import { CACHE_LABEL } from '../../src/providers/lxc/lxc-requests.ts';
import { listCachedObjects } from '../../src/providers/lxc/lxc-cache.ts';
import { waitUntil } from '../../src/run/wait-until.ts';
import { FailureError } from '../../src/run/failure.ts';
import { makeTinyImage, ROOTFS_PATH, startImageServer, type ServedImage } from '../support/image-server.ts';
import { never } from '../support/never.ts';
import { TestAuthority } from '../support/test-authority.ts';
import type { CommandRunner } from '../../src/process/command-runner.ts';
import type { ImageClaims } from '../support/image-server.ts';
import type { ReleaseServer } from '../support/release-server.ts';
import type { FoundForeignImage } from '../../src/providers/provider.ts';

const host = new HostCommandRunner();
const ALIAS = 'tiny/one';

/** A server with one image, and a client that knows it by the remote `test`, with a configuration of its own. */
interface Scene {
  readonly image: ServedImage;
  readonly server: ReleaseServer;
  readonly client: LxcClient;
  readonly runner: CommandRunner;
  readonly told: string[];
  ensure(alias?: string, signal?: AbortSignal): Promise<FoundForeignImage>;
}

async function sceneOf(t: ExecutionContext, claims: Partial<ImageClaims> = {}): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'twinstack-images-'));
  const certificate = await (await TestAuthority.create()).issue();
  const image = await makeTinyImage(folder);
  const server = await startImageServer(certificate, image, { aliases: [ALIAS], ...claims });
  const conf = join(folder, 'conf');
  await mkdir(join(conf, 'servercerts'), { recursive: true });
  await writeFile(join(conf, 'servercerts', 'test.crt'), certificate.cert);
  const remote = { addr: server.origin, protocol: 'simplestreams', public: true };
  await writeFile(join(conf, 'config.yml'), JSON.stringify({ remotes: { test: remote } }));
  const runner: CommandRunner = {
    run: (file, args, options) => host.run(file, args, { ...options, env: { LXD_CONF: conf } }),
  };
  const client = new LxcClient(LXD, runner);
  t.teardown(async () => {
    await server.stop();
    const call = { timeoutMs: 60_000, signal: never() };
    const path = `/1.0/images/${image.fingerprint}`;
    if ((await client.find(path, call)) !== null) await client.query('DELETE', path, undefined, call);
    await rm(folder, { recursive: true, force: true });
  });
  const told: string[] = [];
  const ensure = (alias = ALIAS, signal = never()): Promise<FoundForeignImage> => {
    const options = { timeoutMs: 60_000, signal, onProgress: (text: string) => told.push(text) };
    return ensureLxcForeignImage(client, { remote: 'test', alias }, options, { LXD_CONF: conf });
  };
  return { image, server, client, runner, told, ensure };
}

async function propertiesOf({ image }: Scene): Promise<Record<string, string>> {
  const found = (await lxdGet(`/1.0/images/${image.fingerprint}`)) as { properties: Record<string, string> };
  return found.properties;
}

/** LXD's folder of images, where a download leaves its pieces; null where it is another one's. */
async function imageFiles(fingerprint: string): Promise<string[]> {
  const files = await readdir('/var/lib/lxd/images').catch(() => []);
  return files.filter((file) => file.includes(fingerprint));
}

async function assertNothingKept(t: ExecutionContext, { image }: Scene): Promise<void> {
  const images = (await lxdGet('/1.0/images?recursion=1')) as { fingerprint: string }[];
  t.false(images.some(({ fingerprint }) => fingerprint === image.fingerprint));
  t.deepEqual(await imageFiles(image.fingerprint), []);
}

test('an image of a server is downloaded by LXD, carries our label from its first moment, and counts as cached', async (t) => {
  const scene = await sceneOf(t);
  const { fingerprint } = scene.image;
  t.deepEqual(await scene.ensure(), {
    remote: 'test',
    alias: ALIAS,
    fingerprint,
    server: scene.server.origin,
  });
  t.is((await propertiesOf(scene))[CACHE_LABEL], `test:${ALIAS}`);
  const cached = await listCachedObjects(scene.client, { timeoutMs: 10_000, signal: never() });
  t.true(cached.some(({ kind, name }) => kind === 'engine-image' && name === fingerprint));
  const asked = scene.server.requests.filter((path) => path === ROOTFS_PATH).length;
  await scene.ensure();
  await scene.ensure(fingerprint.slice(0, 12));
  t.is(scene.server.requests.filter((path) => path === ROOTFS_PATH).length, asked, 'downloaded once');
});

test('an image that is there already is used as it is: it stays unlabelled, and no clean-up knows it', async (t) => {
  const scene = await sceneOf(t);
  const call = { timeoutMs: 60_000, signal: never() };
  await scene.runner.run('lxc', ['image', 'copy', `test:${ALIAS}`, 'local:', '--alias', 'ts-test-own'], call);
  const before = await propertiesOf(scene);
  await scene.ensure();
  t.deepEqual(await propertiesOf(scene), before);
  t.is(before[CACHE_LABEL], undefined);
  const cached = await listCachedObjects(scene.client, call);
  t.false(cached.some(({ name }) => name === scene.image.fingerprint));
});

test('a download that is cut off is refused, and nothing of it is kept', async (t) => {
  const scene = await sceneOf(t);
  scene.server.fail(ROOTFS_PATH, { kind: 'cut' });
  const error = await t.throwsAsync(scene.ensure(), { instanceOf: FailureError });
  t.is(error.failure.class, 'infrastructure');
  t.regex(error.failure.message, /LXD could not download test:tiny\/one from https:\/\/127\.0\.0\.1/);
  t.log(error.failure.message);
  await assertNothingKept(t, scene);
});

test('a file that is not what the index says is refused, and nothing of it is kept', async (t) => {
  const scene = await sceneOf(t, { rootfsSha256: 'ab'.repeat(32) });
  const error = await t.throwsAsync(scene.ensure(), { instanceOf: FailureError });
  t.is(error.failure.class, 'infrastructure');
  t.regex(error.failure.message, /mismatch/i);
  t.regex(error.failure.hint ?? '', /not what the server says/);
  t.log(error.failure.message);
  await assertNothingKept(t, scene);
});

test('a download that nobody waits for any longer is ended in LXD, and nothing of it is kept', async (t) => {
  const scene = await sceneOf(t);
  scene.server.fail(ROOTFS_PATH, { kind: 'silence' });
  const abort = new AbortController();
  const ensuring = scene.ensure(ALIAS, abort.signal);
  await waitUntil(
    () =>
      Promise.resolve(
        scene.server.requests.includes(ROOTFS_PATH)
          ? { met: true, value: null }
          : { met: false, missing: 'it asked for nothing of it' },
      ),
    { condition: 'LXD asks for the file', timeoutMs: 30_000, intervalMs: 50, signal: never() },
  );
  abort.abort(new Error('interrupted'));
  await t.throwsAsync(ensuring, { message: 'interrupted' });
  t.true(scene.told.some((text) => text.startsWith(`LXD downloads test:${ALIAS} from `)));
  const operations = (await lxdGet('/1.0/operations?recursion=1')) as Record<
    string,
    { description: string }[]
  > | null;
  const downloads = (operations?.['running'] ?? []).filter(({ description }) => /image/i.test(description));
  t.deepEqual(downloads, []);
  await assertNothingKept(t, scene);
});

test('an alias that the server has not, another architecture, and a server that is gone', async (t) => {
  const scene = await sceneOf(t, { arch: 's390x' });
  for (const [alias, said] of [
    ['nothing', /has no image nothing$/],
    [ALIAS, /has tiny\/one for s390x, and this machine is/],
  ] as const) {
    const error = await t.throwsAsync(scene.ensure(alias), { instanceOf: FailureError });
    t.is(error.failure.class, 'infrastructure');
    t.regex(error.failure.message, said);
  }
  const gone = await sceneOf(t);
  await gone.server.stop();
  const error = await t.throwsAsync(gone.ensure(), { instanceOf: FailureError });
  t.is(error.failure.class, 'infrastructure');
  t.regex(error.failure.message, /127\.0\.0\.1:\d+ can't be asked for tiny\/one: .*refused/);
});
