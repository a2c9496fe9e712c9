import anyTest, { type TestFn } from 'ava';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { pack } from 'tar-stream';
import { missingBuildPackages } from '../../src/images/build/build-host.ts';
import { debianBaseKey } from '../../src/images/build/debian-base.ts';
import { componentKey, componentsOf } from '../../src/images/sources/ensure-components.ts';
import { GoModuleSource } from '../../src/images/sources/go-module-source.ts';
import { goOptionsOf } from '../../src/images/sources/go-options.ts';
import { loadNodeImageData, templatesDirectory } from '../../src/images/cache/node-image-data.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../src/scenario/supported-versions.ts';
import { elfProgram } from '../support/elf-program.ts';
import { layOutRelease, releaseUpstream } from '../support/official-release.ts';
import { ReleaseServer } from '../support/release-server.ts';
import { runEntry } from '../support/run-entry.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { TestAuthority } from '../support/test-authority.ts';

// A build needs root and its packages; without them there is nothing to see here.
const canBuild = process.geteuid?.() === 0 && (await missingBuildPackages(process.env['PATH'])).length === 0;
const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
const test = (canBuild || required ? anyTest : anyTest.skip) as TestFn;

test('image build --source release fetches, verifies and keeps every component of a release', async (t) => {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const data = await loadNodeImageData(templatesDirectory());
  const components = componentsOf(data.catalogue, {
    kubernetesVersion: DEFAULT_KUBERNETES_VERSION,
    architecture,
  });
  const authority = await TestAuthority.create();
  const server = await ReleaseServer.start(await authority.issue());
  t.teardown(() => server.stop());
  const program = (name: string): Buffer =>
    elfProgram(name, { machine: architecture === 'arm64' ? 183 : 62 });
  const versions = Object.fromEntries(components.map(({ name, version }) => [name, version]));
  for (const [path, content] of await layOutRelease(versions as never, program, architecture)) {
    server.files.set(path, content);
  }

  const cacheHome = temporaryDirectory(t);
  const cache = join(cacheHome, 'twinstack');
  // A base that holds nothing is at once there and unpacked: this is about what is fetched.
  const key = debianBaseKey({ definition: data.debian, architecture });
  const base = join(cache, 'bases', `debian-${data.debian.suite}-${key}`);
  await mkdir(base, { recursive: true });
  const empty = pack();
  empty.entry({ name: './', type: 'directory', mode: 0o755 });
  empty.finalize();
  await pipeline(empty, createWriteStream(join(base, 'base.tar')));
  // Neither is it about what is built with Go whatever the source.
  const goModules = new GoModuleSource(join(templatesDirectory(), 'node-image', 'go'), goOptionsOf(data, {}));
  for (const component of components.filter(({ definition }) => definition.release === undefined)) {
    const built = join(cache, 'components', `${component.name}-${await componentKey(component, goModules)}`);
    await mkdir(built, { recursive: true });
    for (const own of Object.keys(component.definition.programs)) {
      await writeFile(join(built, own), program(own), { mode: 0o755 });
    }
  }
  const folder = temporaryDirectory(t);
  await writeFile(join(folder, 'authority.pem'), authority.certificate);
  await writeFile(join(folder, 'upstream.json'), JSON.stringify(releaseUpstream(server.origin)));
  const environment = {
    XDG_CACHE_HOME: cacheHome,
    XDG_STATE_HOME: join(folder, 'state'),
    TWINSTACK_UPSTREAM: join(folder, 'upstream.json'),
    SSL_CERT_FILE: join(folder, 'authority.pem'),
  };

  // The programs are none, so the build ends where the first of them is run: everything before that was right.
  const { status, stderr } = await runEntry(['image', 'build', '--source', 'release'], environment);
  t.is(status, 4, stderr);
  t.regex(stderr, /asking kubeadm for its images/);
  const kept = (await readdir(join(cache, 'components'))).sort();
  t.is(kept.length, components.length);
  for (const { name, definition } of components) {
    const directory = join(cache, 'components', kept.find((entry) => entry.startsWith(`${name}-`)) ?? name);
    for (const own of Object.keys(definition.programs)) {
      t.deepEqual(await readFile(join(directory, own)), program(own), own);
      t.is((await stat(join(directory, own))).mode & 0o777, 0o755);
    }
  }

  const before = server.requests.length;
  t.is((await runEntry(['image', 'build', '--source', 'release'], environment)).status, 4);
  t.is(server.requests.length, before, 'what is kept is not fetched again');
});
