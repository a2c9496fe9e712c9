import test, { type ExecutionContext } from 'ava';
import { createWriteStream } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComponentSource } from '../../../../src/images/sources/component-source.ts';
import { BuildProgress } from '../../../../src/images/build/build-progress.ts';
import {
  componentKey,
  componentsOf,
  ensureComponents,
} from '../../../../src/images/sources/ensure-components.ts';
import {
  loadNodeImageData,
  staticProgramsOf,
  templatesDirectory,
} from '../../../../src/images/cache/node-image-data.ts';
import { ReleaseSource, type ReleaseSourceOptions } from '../../../../src/images/sources/release-source.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { ConnectProxy, type ProxyManner } from '../../../support/connect-proxy.ts';
import { elfProgram } from '../../../support/elf-program.ts';
import { layOutRelease, releaseUpstream } from '../../../support/official-release.ts';
import { ReleaseServer } from '../../../support/release-server.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { TestAuthority } from '../../../support/test-authority.ts';
import { buildContext } from '../build-surroundings.ts';

const VERSION = '1.36.3';
const { catalogue, containers, upstream } = await loadNodeImageData(templatesDirectory());
const components = componentsOf(catalogue, { kubernetesVersion: VERSION, architecture: 'amd64' }).filter(
  ({ definition }) => definition.release !== undefined,
);
const versions = Object.fromEntries(components.map(({ name, version }) => [name, version]));
const files = await layOutRelease(versions as never, (name) => elfProgram(name));
const authority = await TestAuthority.create();
const certificate = await authority.issue();

const KUBELET = `/release/v${VERSION}/bin/linux/amd64/kubelet`;
const CONTAINERD = `/containerd/containerd/releases/download/v2.2.1/containerd-static-2.2.1-linux-amd64.tar.gz`;

interface Scene {
  readonly server: ReleaseServer;
  readonly cacheDir: string;
  readonly environment: Record<string, string>;
  source(changes?: Partial<ReleaseSourceOptions>): ReleaseSource;
  /** Fetches one component, or all, into the cache. @returns what the progress said. */
  fetch(source: ComponentSource, name?: string, signal?: AbortSignal): Promise<string[]>;
  /** What of the cache's components is there. */
  cached(): Promise<string[]>;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const server = await ReleaseServer.start(certificate);
  t.teardown(() => server.stop());
  for (const [path, content] of files) server.files.set(path, content);
  const cacheDir = temporaryDirectory(t);
  const authorityFile = join(temporaryDirectory(t), 'authority.pem');
  await writeFile(authorityFile, authority.certificate);
  const environment = { SSL_CERT_FILE: authorityFile };
  const options: ReleaseSourceOptions = {
    upstream: { ...upstream, ...releaseUpstream(server.origin) },
    staticPrograms: staticProgramsOf(containers),
    environment,
    tuning: { retryDelayMs: 1 },
  };
  return {
    server,
    cacheDir,
    environment,
    source: (changes) => new ReleaseSource({ ...options, ...changes }),
    fetch: async (source, name, signal = new AbortController().signal) => {
      const told: string[] = [];
      const context = buildContext(cacheDir, { signal, deadline: performance.now() + 20_000 });
      const progress = new BuildProgress(5, ({ step }) => told.push(step));
      const watched: ComponentSource = {
        ...source,
        name: source.name,
        activity: source.activity,
        inputs: (component) => source.inputs(component),
        build: (component, directory, context) =>
          source.build(component, directory, { ...context, report: (detail) => told.push(detail) }),
      };
      await ensureComponents(
        components.filter((component) => name === undefined || component.name === name),
        () => watched,
        context,
        progress,
      );
      return told;
    },
    cached: async () => await readdir(join(cacheDir, 'components')).catch(() => []),
  };
}

/** The failure that a fetch ends with, and nothing of it is in the cache. */
async function failureOf(
  t: ExecutionContext,
  { cached }: Scene,
  fetch: Promise<unknown>,
): Promise<FailureError['failure']> {
  const error = await t.throwsAsync(fetch, { instanceOf: FailureError });
  t.deepEqual(await cached(), []);
  t.is(error.failure.class, 'infrastructure');
  t.truthy(error.failure.hint);
  return error.failure;
}

// One after the other, before all others: they are about time.

test.serial('sites that answer can be reached, with every release there', async (t) => {
  const { source, cacheDir, server } = await scene(t);
  t.deepEqual(await source().reachable(components, buildContext(cacheDir)), { available: true });
  t.is(server.requests.length, components.length);
  server.fail(`${CONTAINERD}.sha256sum`, { kind: 'status', status: 404 });
  t.like(await source().reachable(components, buildContext(cacheDir)), { available: false });
});

test.serial('a site that is silent counts as out of reach after three seconds', async (t) => {
  const { source, cacheDir, server } = await scene(t);
  server.fail(`${CONTAINERD}.sha256sum`, { kind: 'silence' });
  const started = performance.now();
  const found = await source().reachable(components, buildContext(cacheDir));
  const took = performance.now() - started;
  t.like(found, { available: false, reason: 'the sites of the releases did not answer within 3 s' });
  t.true(took > 2500 && took < 6000, `${took} ms`);
});

test.serial('a site that refuses is out of reach at once', async (t) => {
  const here = await scene(t);
  await here.server.stop();
  const started = performance.now();
  t.like(await here.source().reachable(components, buildContext(here.cacheDir)), { available: false });
  t.true(performance.now() - started < 2000);
});

test('every component of a release is fetched, verified and executable', async (t) => {
  const { source, fetch, cached, cacheDir, server } = await scene(t);
  const told = await fetch(source());
  t.is((await cached()).length, components.length);
  for (const component of components) {
    const directory = join(
      cacheDir,
      'components',
      `${component.name}-${await componentKey(component, source())}`,
    );
    const programs = Object.keys(component.definition.programs);
    t.deepEqual((await readdir(directory)).sort(), [...programs, 'downloads.json'].sort());
    for (const program of programs) {
      t.deepEqual(await readFile(join(directory, program)), elfProgram(program), program);
      t.is((await stat(join(directory, program))).mode & 0o777, 0o755, program);
    }
    const fetched = JSON.parse(await readFile(join(directory, 'downloads.json'), 'utf8')) as {
      url: string;
    }[];
    t.true(fetched.every(({ url }) => url.startsWith(server.origin)));
  }
  t.regex(told.join('\n'), /Fetching kubernetes 1\.36\.3, 1 of 5/);
  t.regex(told.join('\n'), /kubelet, 0 of 0 MB/);
  // Each file once, and its checksum first.
  t.is(new Set(server.requests).size, server.requests.length);
  t.is(server.requests.indexOf(`${KUBELET}.sha256`), server.requests.indexOf(KUBELET) - 1);
});

test('a second fetch finds everything in the cache', async (t) => {
  const { source, fetch, server } = await scene(t);
  await fetch(source());
  const before = server.requests.length;
  await fetch(source());
  t.is(server.requests.length, before);
});

test('a file with another checksum is refused, and nothing of it is kept', async (t) => {
  const here = await scene(t);
  const changed = elfProgram('kubelet, changed on the way');
  here.server.files.set(KUBELET, changed);
  const { message, hint } = await failureOf(t, here, here.fetch(here.source(), 'kubernetes'));
  t.true(message.includes(here.server.origin + KUBELET));
  t.regex(message, /has the SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64} \(https:.*kubelet\.sha256\)/);
  t.regex(hint ?? '', /Nothing of it is kept/);
  // A wrong sum does not pass by itself.
  t.is(here.server.requests.filter((path) => path === KUBELET).length, 1);
});

for (const [what, path, content] of [
  ['a page', `${KUBELET}.sha256`, '<html>Please log in</html>'],
  ['nothing', `${KUBELET}.sha256`, ''],
] as const) {
  test(`no file is taken without a checksum: ${what} in its place`, async (t) => {
    const here = await scene(t);
    here.server.fail(path, { kind: 'content', content });
    const { message } = await failureOf(t, here, here.fetch(here.source(), 'kubernetes'));
    t.regex(message, /kubelet\.sha256 holds no SHA-256 of kubelet/);
    t.false(here.server.requests.includes(KUBELET));
  });
}

test('a list of checksums without the file gives no checksum', async (t) => {
  const here = await scene(t);
  const content = `${'a'.repeat(64)}  containerd-2.2.1-linux-amd64.tar.gz\n`;
  here.server.fail(`${CONTAINERD}.sha256sum`, { kind: 'content', content });
  const { message } = await failureOf(t, here, here.fetch(here.source(), 'containerd'));
  t.regex(message, /holds no SHA-256 of containerd-static-2\.2\.1-linux-amd64\.tar\.gz/);
});

test('a pinned sum wins over the one of the site, which is not asked', async (t) => {
  const here = await scene(t);
  const sums = { [`kubernetes/v${VERSION}/bin/linux/amd64/kubelet`]: 'f'.repeat(64) };
  const pinned = here.source({ upstream: { ...upstream, ...releaseUpstream(here.server.origin), sums } });
  const { message } = await failureOf(t, here, here.fetch(pinned, 'kubernetes'));
  t.regex(message, /expected f{64} \(pinned\)/);
  t.false(here.server.requests.includes(`${KUBELET}.sha256`));
  const [kubernetes] = components;
  if (kubernetes === undefined) return t.fail();
  t.not(await componentKey(kubernetes, pinned), await componentKey(kubernetes, here.source()));
});

test('a mirror has no part in the key', async (t) => {
  const one = await scene(t);
  const other = await scene(t);
  for (const component of components) {
    t.is(await componentKey(component, one.source()), await componentKey(component, other.source()));
  }
});

for (const fault of ['cut', 'hang-up'] as const) {
  test(`a transfer with a ${fault} is made again`, async (t) => {
    const { server, source, fetch, cached } = await scene(t);
    server.fail(CONTAINERD, { kind: fault }, 2);
    const told = await fetch(source(), 'containerd');
    t.is((await cached()).length, 1);
    t.is(server.requests.filter((path) => path === CONTAINERD).length, 3);
    t.regex(told.join('\n'), /attempt 3 of 4/);
  });

  test(`a transfer with a ${fault} each time ends, names the URL and leaves nothing`, async (t) => {
    const here = await scene(t);
    here.server.fail(CONTAINERD, { kind: fault });
    const { message } = await failureOf(t, here, here.fetch(here.source(), 'containerd'));
    t.true(message.includes(here.server.origin + CONTAINERD));
    t.regex(message, /could not fetch containerd 2\.2\.1.*\(4 attempts\)/);
    t.is(here.server.requests.filter((path) => path === CONTAINERD).length, 4);
  });
}

test('a server error is tried again, and one that stays is told', async (t) => {
  const here = await scene(t);
  here.server.fail(CONTAINERD, { kind: 'status', status: 503 }, 1);
  await here.fetch(here.source(), 'containerd');
  const other = await scene(t);
  other.server.fail(CONTAINERD, { kind: 'status', status: 503 });
  const { message } = await failureOf(t, other, other.fetch(other.source(), 'containerd'));
  t.regex(message, /answered with status 503 \(4 attempts\)/);
});

test('a release that is not there is told at once, with its URL', async (t) => {
  const here = await scene(t);
  here.server.fail(`${KUBELET}.sha256`, { kind: 'status', status: 404 });
  const { message, hint } = await failureOf(t, here, here.fetch(here.source(), 'kubernetes'));
  t.true(message.includes(`there is no ${here.server.origin}${KUBELET}.sha256`));
  t.regex(message, /could not fetch kubernetes 1\.36\.3/);
  t.regex(hint ?? '', /--source go/);
  t.is(here.server.requests.length, 1);
});

test('a redirect to another host is followed', async (t) => {
  const { server, source, fetch, cached } = await scene(t);
  const objects = await ReleaseServer.start(certificate);
  t.teardown(() => objects.stop());
  objects.files.set('/object/1?signature=x', files.get(CONTAINERD) ?? Buffer.alloc(0));
  server.fail(CONTAINERD, { kind: 'redirect', to: `${objects.origin}/object/1?signature=x` });
  await fetch(source(), 'containerd');
  t.deepEqual(objects.requests, ['/object/1?signature=x']);
  t.is((await cached()).length, 1);
});

test('redirects in a circle end', async (t) => {
  const here = await scene(t);
  here.server.fail(CONTAINERD, { kind: 'redirect', to: CONTAINERD });
  const { message } = await failureOf(t, here, here.fetch(here.source(), 'containerd'));
  t.regex(message, /leads on and on: more than 5 redirects/);
  t.is(here.server.requests.filter((path) => path === CONTAINERD).length, 6);
});

test('a redirect out of HTTPS is refused', async (t) => {
  const here = await scene(t);
  const insecure = here.server.origin.replace('https:', 'http:');
  here.server.fail(CONTAINERD, { kind: 'redirect', to: `${insecure}/object` });
  const { message } = await failureOf(t, here, here.fetch(here.source(), 'containerd'));
  t.regex(message, /leads to http:.*, which is not HTTPS: refused/);
});

async function proxied(
  t: ExecutionContext,
  manner: ProxyManner,
): Promise<{ here: Scene; proxy: ConnectProxy }> {
  const here = await scene(t);
  const proxy = await ConnectProxy.start(manner);
  t.teardown(() => proxy.stop());
  return { here, proxy };
}

test('HTTPS_PROXY is the way, and NO_PROXY the way around it', async (t) => {
  const { here, proxy } = await proxied(t, 'tunnel');
  const target = new URL(here.server.origin).host;
  const settings = { ...here.environment, HTTPS_PROXY: proxy.url.replace('//', '//user:pass%40word@') };
  await here.fetch(here.source({ environment: settings }), 'coredns');
  t.true(proxy.targets.length > 0);
  t.true(proxy.targets.every((seen) => seen === target));
  t.is(proxy.credentials[0], `Basic ${Buffer.from('user:pass@word').toString('base64')}`);

  const before = proxy.targets.length;
  await here.fetch(here.source({ environment: { ...settings, NO_PROXY: 'example.test,127.0.0.1' } }), 'etcd');
  t.is(proxy.targets.length, before);
  t.is((await here.cached()).length, 2);
});

test('a proxy for HTTP is not asked for HTTPS', async (t) => {
  const { here, proxy } = await proxied(t, 'tunnel');
  await here.fetch(here.source({ environment: { ...here.environment, HTTP_PROXY: proxy.url } }), 'coredns');
  t.deepEqual(proxy.targets, []);
});

test('a proxy that cuts is named, without its password', async (t) => {
  const { here, proxy } = await proxied(t, 'cut');
  const settings = { ...here.environment, HTTPS_PROXY: proxy.url.replace('//', '//user:secret@') };
  const { message } = await failureOf(t, here, here.fetch(here.source({ environment: settings }), 'coredns'));
  t.true(message.includes(`HTTPS_PROXY is ${proxy.url}`));
  t.false(message.includes('secret'));
  t.regex(message, /4 attempts/);
  t.is(proxy.targets.length, 4);
});

test('a proxy that wants a password is told at once', async (t) => {
  const { here, proxy } = await proxied(t, 'refuse');
  const settings = { ...here.environment, HTTPS_PROXY: proxy.url };
  const { message, hint } = await failureOf(
    t,
    here,
    here.fetch(here.source({ environment: settings }), 'coredns'),
  );
  t.regex(message, /the proxy refused the way to 127\.0\.0\.1:\d+ with status 407/);
  t.regex(hint ?? '', /USER:PASSWORD/);
  t.is(proxy.targets.length, 1);
});

test('a proxy setting that is no URL is refused before anything is asked', async (t) => {
  const here = await scene(t);
  const source = here.source({ environment: { ...here.environment, HTTPS_PROXY: 'http://' } });
  const error = await t.throwsAsync(here.fetch(source, 'coredns'), { instanceOf: FailureError });
  t.is(error.failure.class, 'preflight');
  t.regex(error.message, /HTTPS_PROXY is no URL/);
});

test('an authority that is not trusted is explained', async (t) => {
  const here = await scene(t);
  const { message, hint } = await failureOf(t, here, here.fetch(here.source({ environment: {} }), 'coredns'));
  t.regex(message, /shows a certificate of an authority that is not trusted here/);
  t.regex(hint ?? '', /NODE_EXTRA_CA_CERTS/);
  t.deepEqual(here.server.requests, []);
});

test('NODE_EXTRA_CA_CERTS adds to the authorities of the host', async (t) => {
  const here = await scene(t);
  const environment = { NODE_EXTRA_CA_CERTS: here.environment['SSL_CERT_FILE'] };
  await here.fetch(here.source({ environment }), 'coredns');
  t.is((await here.cached()).length, 1);
});

test('a file of certificates that is not there is named', async (t) => {
  const here = await scene(t);
  const source = here.source({ environment: { NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' } });
  const error = await t.throwsAsync(here.fetch(source, 'coredns'), { instanceOf: FailureError });
  t.regex(error.message, /NODE_EXTRA_CA_CERTS names can't be read: .*\/nowhere\/ca\.pem/);
});

test('a full disk is named, and is not tried again', async (t) => {
  const here = await scene(t);
  const tuning = { retryDelayMs: 1, openFile: () => createWriteStream('/dev/full') };
  const { message, hint } = await failureOf(t, here, here.fetch(here.source({ tuning }), 'coredns'));
  t.regex(message, /the disk is full/);
  t.regex(hint ?? '', /XDG_CACHE_HOME/);
});

test('an archive without a program is refused', async (t) => {
  const here = await scene(t);
  const other = await layOutRelease({ ...versions, coredns: '9.9.9' } as never, (name) => elfProgram(name));
  const folder = '/coredns/coredns/releases/download';
  const etcd = '/etcd-io/etcd/releases/download/v3.6.8/etcd-v3.6.8-linux-amd64.tar.gz';
  const archive = other.get(`${folder}/v9.9.9/coredns_9.9.9_linux_amd64.tgz`) ?? Buffer.alloc(0);
  here.server.files.set(etcd, archive);
  const sum =
    other.get(`${folder}/v9.9.9/coredns_9.9.9_linux_amd64.tgz.sha256`)?.toString().slice(0, 64) ?? '';
  here.server.files.set(
    '/etcd-io/etcd/releases/download/v3.6.8/SHA256SUMS',
    Buffer.from(`${sum}  etcd-v3.6.8-linux-amd64.tar.gz\n`),
  );
  const { message } = await failureOf(t, here, here.fetch(here.source(), 'etcd'));
  t.regex(message, /has no etcd-v3\.6\.8-linux-amd64\/etcd, etcd-v3\.6\.8-linux-amd64\/etcdctl in it/);
});

for (const [what, program, pattern] of [
  [
    'for another architecture',
    elfProgram('kube-proxy', { machine: 183 }),
    /kube-proxy.* is a program for arm64/,
  ],
  [
    'that needs libraries where there are none',
    elfProgram('kube-proxy', { loader: '/lib64/ld-linux-x86-64.so.2' }),
    /kube-proxy.* is dynamically linked/,
  ],
] as const) {
  test(`a program ${what} is refused`, async (t) => {
    const here = await scene(t);
    const own = await layOutRelease(versions as never, (name) =>
      name === 'kube-proxy' ? program : elfProgram(name),
    );
    for (const [path, content] of own) here.server.files.set(path, content);
    const { message } = await failureOf(t, here, here.fetch(here.source(), 'kubernetes'));
    t.regex(message, pattern);
  });
}

test('a fetch ends with the signal, and leaves nothing', async (t) => {
  const here = await scene(t);
  const stop = new AbortController();
  here.server.fail(CONTAINERD, { kind: 'silence' });
  const fetch = here.fetch(here.source(), 'containerd', stop.signal);
  const asked = setInterval(() => {
    if (here.server.requests.includes(CONTAINERD)) stop.abort(new Error('stop'));
  }, 5);
  await t.throwsAsync(fetch, { message: 'stop' });
  clearInterval(asked);
  t.deepEqual(await here.cached(), []);
});
