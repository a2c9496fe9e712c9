import test from 'ava';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describePrograms } from '../../../../src/images/describe-image-source.ts';
import { ownBinaryNotices } from '../../../../src/images/sources/own-binary-notices.ts';
import {
  loadNodeImageData,
  staticProgramsOf,
  templatesDirectory,
} from '../../../../src/images/cache/node-image-data.ts';
import {
  hashOwnBinaries,
  keepOwnBinaries,
  readOwnBinaries,
  withOwnPrograms,
  withoutReplaced,
} from '../../../../src/images/sources/own-binaries.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { PROGRAMS, STATIC_PROGRAMS } from '../../../../src/scenario/own-programs.ts';
import { CommandError } from '../../../../src/process/command-runner.ts';
import { elfProgram } from '../../../support/elf-program.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import type { BuildContext } from '../../../../src/images/build/build-context.ts';
import { buildContext } from '../build-surroundings.ts';

const { catalogue, containers } = await loadNodeImageData(templatesDirectory());
const wanted = { architecture: 'amd64', staticPrograms: staticProgramsOf(containers) } as const;

test('a scenario may name each program of the components, and knows which must be static', (t) => {
  const programs = Object.values(catalogue.components).flatMap(({ programs }) => Object.keys(programs));
  t.deepEqual([...PROGRAMS].sort(), programs.sort());
  t.deepEqual([...STATIC_PROGRAMS].sort(), [...wanted.staticPrograms].sort());
});

/** Surroundings in which every program says the same of its version; `sync` excepted. */
function contextThatSays(folder: string, version: string | null, asked: string[][] = []): BuildContext {
  const answered = { exitCode: 0, stderr: '', durationMs: 1 };
  return buildContext(folder, {
    runner: {
      run: (program, args) => {
        if (program === 'sync') return Promise.resolve({ ...answered, stdout: '' });
        asked.push([program, ...args]);
        if (version === null) return Promise.reject(new CommandError('no', { kind: 'exit', command: [] }));
        return Promise.resolve({ ...answered, stdout: `${version}\n` });
      },
    },
  });
}

test('a program is copied into the cache, made executable and asked for its version', async (t) => {
  const folder = temporaryDirectory(t);
  const file = join(folder, 'mine');
  await writeFile(file, elfProgram('kubelet'), { mode: 0o600 });
  const binaries = await hashOwnBinaries({ kubelet: file }, new AbortController().signal);
  const asked: string[][] = [];
  const context = contextThatSays(folder, 'Kubernetes v1.37.0-alpha.1', asked);
  await keepOwnBinaries(binaries, wanted, context);
  const [kept] = await readOwnBinaries(binaries, context);
  t.like(kept, { program: 'kubelet', sha256: binaries[0]?.sha256, version: 'Kubernetes v1.37.0-alpha.1' });
  t.deepEqual(await readFile(kept?.file ?? ''), elfProgram('kubelet'));
  t.is((await stat(kept?.file ?? '')).mode & 0o777, 0o755);
  t.regex(asked.join(), /own-programs\/kubelet-.*\/kubelet,--version$/);
  t.is(asked.length, 1);
  await keepOwnBinaries(binaries, wanted, context);
  t.is(asked.length, 1);
});

test('a program that can not say its version is taken all the same', async (t) => {
  const folder = temporaryDirectory(t);
  const file = join(folder, 'mine');
  await writeFile(file, elfProgram('kubelet'));
  const binaries = await hashOwnBinaries({ kubelet: file }, new AbortController().signal);
  const context = contextThatSays(folder, null);
  await keepOwnBinaries(binaries, wanted, context);
  t.is((await readOwnBinaries(binaries, context))[0]?.version, null);
});

test('a program that changes between key and build is refused, and not kept', async (t) => {
  const folder = temporaryDirectory(t);
  const file = join(folder, 'mine');
  await writeFile(file, elfProgram('kubelet'));
  const binaries = await hashOwnBinaries({ kubelet: file }, new AbortController().signal);
  await writeFile(file, elfProgram('another kubelet'));
  const error = await t.throwsAsync(keepOwnBinaries(binaries, wanted, contextThatSays(folder, null)), {
    instanceOf: FailureError,
  });
  t.is(error.failure.class, 'infrastructure');
  t.regex(error.message, /mine changed while the image was built/);
  t.deepEqual(await readdir(join(folder, 'own-programs')), []);
});

test('a program that is gone is a usage failure that names it', async (t) => {
  const error = await t.throwsAsync(
    hashOwnBinaries({ kubelet: '/nowhere/kubelet' }, new AbortController().signal),
    {
      instanceOf: FailureError,
    },
  );
  t.is(error.failure.class, 'usage');
  t.regex(error.message, /binaries\.kubelet: \/nowhere\/kubelet can't be read/);
});

test("the user's own program takes the place of the source's, and goes where that went", (t) => {
  const theirs = [
    { name: 'kubelet', source: '/cache/kubelet', directory: 'usr/local/bin' },
    { name: 'bridge', source: '/cache/bridge', directory: 'opt/cni/bin' },
  ];
  const own = [{ program: 'bridge', sha256: '', version: null, file: '/own/bridge' }];
  t.deepEqual(withOwnPrograms(theirs, own), [
    { name: 'kubelet', source: '/cache/kubelet', directory: 'usr/local/bin' },
    { name: 'bridge', source: '/own/bridge', directory: 'opt/cni/bin' },
  ]);
});

test('a component is built unless all of its programs are the user’s own', (t) => {
  const components = Object.entries(catalogue.components).map(([name, definition]) => {
    return { name, version: '1.0.0', architecture: 'amd64', definition } as const;
  });
  const own = ['coredns', 'etcd'].map((program) => ({ program, file: '', sha256: '' }));
  const names = withoutReplaced(components, own).map(({ name }) => name);
  t.deepEqual(names, ['kubernetes', 'containerd', 'etcd', 'cni-plugins', 'flannel']);
});

test('a run says which programs are the user’s own, and where their version is another one', (t) => {
  const own = (
    program: string,
    version: string | null,
  ): { program: string; sha256: string; version: string | null } => {
    return { program, sha256: 'ab'.repeat(32), version };
  };
  const binaries = [
    own('kubelet', 'Kubernetes v1.37.0'),
    own('kube-proxy', 'Kubernetes v1.36.3'),
    own('bridge', null),
  ];
  t.deepEqual(ownBinaryNotices({ binaries, kubernetesVersion: '1.36.3' }), [
    'kubelet is your own (SHA-256 abababababab…): it says Kubernetes v1.37.0, while the scenario says 1.36.3',
    'kube-proxy is your own (SHA-256 abababababab…): it says Kubernetes v1.36.3',
    'bridge is your own (SHA-256 abababababab…): it says no version',
  ]);
  t.is(
    describePrograms({ source: 'release', binaries: [] }),
    'official release binaries, checksums verified, and Flannel from Go modules',
  );
  t.is(
    describePrograms({ source: 'go', binaries: [own('kubelet', null)] }),
    'built from Go modules, with your own kubelet',
  );
});
