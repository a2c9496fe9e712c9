import test, { type ExecutionContext } from 'ava';
import { createHash } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureK0sBundle, ensureK0sProgram } from '../../../../src/images/sources/k0s-release.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { writeScratchImage } from '../../../../src/images/build/scratch-image.ts';
import { elfProgram } from '../../../support/elf-program.ts';
import { ReleaseServer } from '../../../support/release-server.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { TestAuthority } from '../../../support/test-authority.ts';
import { buildContext } from '../build-surroundings.ts';
import { readFileSync } from 'node:fs';

// A server on loopback, laid out as k0s lays its releases out; the official site was not asked.

const VERSION = '1.36.3+k0s.2';
const PROGRAM = `/releases/v${VERSION}/k0s-v${VERSION}-amd64`;
const BUNDLE = `/releases/v${VERSION}/k0s-airgap-bundle-v${VERSION}-amd64`;
const SUMS = `/releases/v${VERSION}/sha256sums.txt`;
const SPEC = { version: VERSION, architecture: 'amd64' } as const;

const authority = await TestAuthority.create();
const certificate = await authority.issue();

interface Scene {
  readonly server: ReleaseServer;
  readonly fetch: (what?: 'program' | 'bundle', signal?: AbortSignal) => Promise<{ readonly file: string }>;
  /** What of the cache's components is there. */
  readonly cached: () => Promise<string[]>;
}

async function scene(t: ExecutionContext, program: Buffer = elfProgram('k0s')): Promise<Scene> {
  const server = await ReleaseServer.start(certificate);
  t.teardown(() => server.stop());
  const folder = temporaryDirectory(t);
  const archive = join(folder, 'bundle.tar');
  const { architecture } = SPEC;
  const image = {
    reference: 'registry.example/kube-router:v2',
    architecture,
    description: 'none',
    entrypoint: [],
    files: [],
  };
  await writeScratchImage(image, archive);
  const bundle = readFileSync(archive);
  const sum = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
  server.files.set(PROGRAM, program);
  server.files.set(BUNDLE, bundle);
  const lines = [
    [program, PROGRAM],
    [bundle, BUNDLE],
  ] as const;
  const text = lines.map(([content, path]) => `${sum(content)} *${path.split('/').at(-1)}\n`).join('');
  server.files.set(SUMS, Buffer.from(text));
  const authorityFile = join(folder, 'authority.pem');
  await writeFile(authorityFile, authority.certificate);
  const mirrors = join(folder, 'upstream.json');
  await writeFile(mirrors, JSON.stringify({ releases: { k0s: `${server.origin}/releases` } }));
  const options = {
    environment: { SSL_CERT_FILE: authorityFile, TWINSTACK_UPSTREAM: mirrors },
    tuning: { retryDelayMs: 1 },
  };
  const cacheDir = temporaryDirectory(t);
  return {
    server,
    fetch: (what = 'program', signal = new AbortController().signal) => {
      const context = buildContext(cacheDir, { signal, deadline: performance.now() + 20_000 });
      return what === 'program'
        ? ensureK0sProgram(SPEC, options, context)
        : ensureK0sBundle(SPEC, options, context);
    },
    cached: async () => await readdir(join(cacheDir, 'components')).catch(() => []),
  };
}

test('a release is fetched once, held against its sum, and executable', async (t) => {
  const { fetch, server, cached } = await scene(t);
  const { file } = await fetch();
  t.is((await stat(file)).mode & 0o777, 0o755);
  t.deepEqual(server.requests, [SUMS, PROGRAM]);
  t.deepEqual(await fetch(), await fetch());
  t.is(server.requests.length, 2);
  t.is((await cached()).length, 1);
});

test('the bundle of its images names what is in it', async (t) => {
  const { fetch, server } = await scene(t);
  t.like(await fetch('bundle'), { references: ['registry.example/kube-router:v2'] });
  t.deepEqual(server.requests, [SUMS, BUNDLE]);
});

for (const [title, arm, says] of [
  [
    'another content than the sum says',
    (server) => server.files.set(PROGRAM, elfProgram('another')),
    /has the SHA-256 .*, expected .*sha256sums\.txt/,
  ],
  ['no sum of the file', (server) => server.files.set(SUMS, Buffer.from('')), /holds no SHA-256 of k0s-v/],
  ['a release that there is not', (server) => server.files.clear(), /404/],
  ['a transfer that is cut each time', (server) => server.fail(PROGRAM, { kind: 'cut' }), /4 attempts/],
] as readonly (readonly [string, (server: ReleaseServer) => unknown, RegExp])[]) {
  test(`${title}: exit status 4 with the address, and nothing of it is kept`, async (t) => {
    const { fetch, server, cached } = await scene(t);
    arm(server);
    const error = await t.throwsAsync(fetch(), { instanceOf: FailureError });
    t.is(error.failure.class, 'infrastructure');
    t.regex(error.failure.message, says);
    t.regex(error.failure.message, /could not fetch k0s 1\.36\.3\+k0s\.2: /);
    t.regex(error.failure.hint ?? '', / Or name a program of your own: binary\.$/);
    t.deepEqual(await cached(), []);
  });
}

test('a transfer that is cut once is made again', async (t) => {
  const { fetch, server } = await scene(t);
  server.fail(PROGRAM, { kind: 'cut' }, 1);
  t.truthy((await fetch()).file);
});

test('what is no program of this architecture is not taken, whatever its sum', async (t) => {
  const { fetch, cached } = await scene(t, elfProgram('k0s', { machine: 183 }));
  const error = await t.throwsAsync(fetch(), { instanceOf: FailureError });
  t.regex(error.failure.message, /is a program for arm64, and the node is amd64/);
  t.deepEqual(await cached(), []);
});

test('a fetch that is interrupted ends with the reason and leaves nothing', async (t) => {
  const { fetch, server, cached } = await scene(t);
  server.fail(PROGRAM, { kind: 'silence' });
  const interrupted = new AbortController();
  const reason = new Error('interrupted');
  const fetching = fetch('program', interrupted.signal);
  const ended = t.throwsAsync(fetching);
  while (!server.requests.includes(PROGRAM)) await new Promise((resolve) => setImmediate(resolve));
  interrupted.abort(reason);
  t.is(await ended, reason);
  t.deepEqual(await cached(), []);
});
