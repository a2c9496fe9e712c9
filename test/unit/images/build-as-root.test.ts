import test from 'ava';
import { buildAsRoot, type RootBuildMessage } from '../../../src/images/build-as-root.ts';
import { missingBuildPackages } from '../../../src/images/build-host.ts';
import type { NodeImageDependencies } from '../../../src/images/ensure-node-image.ts';
import type { ImageProgress } from '../../../src/images/node-image.ts';
import { systemPath } from '../../../src/images/system-path.ts';
import { CommandError } from '../../../src/process/command-runner.ts';
import { FailureError, type Failure } from '../../../src/run/failure.ts';
import { FakeRunner, type Answer } from './build-surroundings.ts';
import { SPEC } from './fake-recipe.ts';

function dependencies(
  sudo: Answer,
  seen: ImageProgress[] = [],
): NodeImageDependencies & { runner: FakeRunner } {
  return {
    cacheDir: '/home/user/.cache/twinstack',
    runner: new FakeRunner({ sudo }),
    signal: new AbortController().signal,
    timeoutMs: 1000,
    onProgress: (progress) => void seen.push(progress),
  };
}

function failing(stdout: string, stderr = ''): Answer {
  return () =>
    new CommandError('sudo ended with status 1', {
      kind: 'exit',
      command: ['sudo'],
      exitCode: 1,
      stdout,
      stderr,
    });
}

const lines = (...messages: RootBuildMessage[]): string =>
  messages.map((message) => JSON.stringify(message)).join('\n');

test('progress comes through, and settings that decide where things are fetched from go along', async (t) => {
  const progress: ImageProgress = { step: 'Building', done: 1, total: 2, elapsedMs: 3 };
  const seen: ImageProgress[] = [];
  const deps = dependencies(() => ({ stdout: lines({ kind: 'progress', progress }) }), seen);
  await buildAsRoot(SPEC, deps, {
    GOPROXY: 'https://x.test',
    http_proxy: 'http://p.test',
    HOME: '/home/user',
    PATH: '/bin',
  });
  t.deepEqual(seen, [progress]);
  const [call = []] = deps.runner.calls;
  t.deepEqual(call.slice(0, 4), ['sudo', '-n', '--', 'env']);
  t.true(call.includes('GOPROXY=https://x.test'));
  t.true(call.includes('http_proxy=http://p.test'));
  t.false(call.some((argument) => argument.startsWith('HOME=')));
  t.deepEqual(JSON.parse(call.at(-1) ?? ''), { spec: SPEC, cacheDir: deps.cacheDir, timeoutMs: 1000 });
});

test('a failure of the build comes through as it was', async (t) => {
  const failure: Failure = { class: 'infrastructure', step: 'image', message: 'no network', hint: null };
  const stdout = lines({ kind: 'failed', failure, stack: '' });
  const error = await t.throwsAsync(buildAsRoot(SPEC, dependencies(failing(stdout)), {}), {
    instanceOf: FailureError,
  });
  t.deepEqual(error.failure, failure);
});

test('a mistake of ours keeps its stack', async (t) => {
  const stdout = lines({ kind: 'failed', failure: null, stack: 'TypeError: x\n    at build' });
  await t.throwsAsync(buildAsRoot(SPEC, dependencies(failing(stdout)), {}), {
    message: 'TypeError: x\n    at build',
  });
});

test('a sudo that wants a password is a failure of the host, with what to do', async (t) => {
  const deps = dependencies(failing('', 'sudo: a password is required\n'));
  const error = await t.throwsAsync(buildAsRoot(SPEC, deps, {}), { instanceOf: FailureError });
  t.is(error.failure.class, 'preflight');
  t.regex(error.message, /sudo: a password is required/);
  t.regex(error.failure.hint ?? '', /sudo -v/);
});

test('programs for administrators are found with the PATH of everybody else', async (t) => {
  t.is(systemPath('/opt/go/bin:/usr/bin'), '/opt/go/bin:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin:/bin');
  t.deepEqual(
    await missingBuildPackages('/nowhere'),
    await missingBuildPackages('/usr/sbin:/usr/bin:/sbin:/bin'),
  );
});
