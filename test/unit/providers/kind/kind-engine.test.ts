import test from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContainerClient, type ContainerProgram } from '../../../../src/providers/kind/container-client.ts';
import {
  askEngine,
  requireUsableEngine,
  type ContainerEngine,
} from '../../../../src/providers/kind/kind-engine.ts';
import { CommandError } from '../../../../src/process/command-runner.ts';
import { HostCommandRunner } from '../../../../src/process/host-command-runner.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { never } from '../../../support/never.ts';
import { ScriptedEngine, type Said } from '../../../support/scripted-engine.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const CALL = { timeoutMs: 1000, signal: never() };
const FIXTURES = new URL('../../../fixtures/', import.meta.url);
const fixture = (name: string): Promise<string> => readFile(new URL(name, FIXTURES), 'utf8');

const ask = (said: Said, program: ContainerProgram = 'docker'): Promise<ContainerEngine> =>
  askEngine(new ContainerClient(new ScriptedEngine(() => said), program), CALL);

for (const [title, file] of [
  ['a client of 20.10', 'docker-20.10/info.json'],
  ['a client of 28', 'docker-28-client/info.json'],
] as const) {
  test(`Docker 20.10, asked by ${title}`, async (t) => {
    t.deepEqual(await ask({ stdout: await fixture(file) }), {
      version: '20.10.24+dfsg1',
      storageDriver: 'overlay2',
      directory: '/var/lib/docker',
      rootless: false,
      runtime: 'runc',
    });
  });
}

test('a rootless Docker tells so among its security options', async (t) => {
  const info = JSON.parse(await fixture('docker-28-client/info.json')) as Record<string, unknown>;
  const SecurityOptions = ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns'];
  const { rootless } = await ask({ stdout: JSON.stringify({ ...info, SecurityOptions }) });
  t.true(rootless);
});

test('Podman, in the fields that its documentation shows', async (t) => {
  t.deepEqual(await ask({ stdout: await fixture('podman-documented/info.json') }, 'podman'), {
    version: '4.9.4',
    storageDriver: 'overlay',
    directory: '/var/lib/containers/storage',
    rootless: false,
    runtime: null,
  });
});

const DENIED =
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/info": dial unix /var/run/docker.sock: connect: permission denied';
const DOWN =
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
const OF_28 = '{"ID":"","ServerVersion":"","DockerRootDir":"","SecurityOptions":null}';
const UNREADABLE = 'WARNING: Error loading config file: open /root/.docker/config.json: permission denied';

for (const { title, said, message, hint } of [
  {
    title: 'no permission, in the words of a client of 28',
    said: { exitCode: 1, stdout: OF_28, stderr: `${DENIED}\n` },
    message: /^no permission to talk to Docker: permission denied while/,
    hint: /usermod -aG docker/,
  },
  {
    title: 'no permission, in those of 20.10, which ends with status 0',
    said: { stdout: JSON.stringify({ ServerErrors: [DENIED], ClientInfo: {} }) },
    message: /^no permission to talk to Docker: permission denied while/,
    hint: /usermod -aG docker/,
  },
  {
    title: 'no daemon, in the words of a client of 28',
    said: { exitCode: 1, stdout: OF_28, stderr: `${DOWN}\n` },
    message: /^Docker does not answer: Cannot connect to the Docker daemon/,
    hint: /systemctl start docker.*DOCKER_HOST/,
  },
  {
    title: 'no daemon, in those of 20.10, which ends with status 0',
    said: { stdout: JSON.stringify({ ServerErrors: [DOWN], ClientInfo: {} }) },
    message: /^Docker does not answer: Cannot connect to the Docker daemon/,
    hint: /systemctl start docker/,
  },
  {
    title: "no daemon, and a configuration that can't be read: the daemon's permissions are not at fault",
    said: { exitCode: 1, stdout: OF_28, stderr: `${UNREADABLE}\n${DOWN}\n` },
    message: /^Docker does not answer: Cannot connect to the Docker daemon/,
    hint: /systemctl start docker/,
  },
  {
    title: 'an answer that is none of Docker',
    said: { stdout: JSON.stringify({ host: {}, store: {}, version: { Version: '4.9.4' } }) },
    message: /^docker answers, and not as Docker does/,
    hint: /KIND_EXPERIMENTAL_PROVIDER=podman/,
  },
  {
    title: 'an answer that is no JSON',
    said: { stdout: 'Emulate Docker CLI using podman.\n' },
    message: /^docker answers, and not as Docker does/,
    hint: /docker info/,
  },
]) {
  test(title, async (t) => {
    const error = await t.throwsAsync(ask(said), { instanceOf: FailureError });
    t.is(error.failure.class, 'preflight');
    t.regex(error.failure.message, message);
    t.regex(error.failure.hint ?? '', hint);
  });
}

test('no client at all', async (t) => {
  const engine = new ScriptedEngine((command) => {
    throw new CommandError('docker is not installed (not found in PATH)', {
      kind: 'not-found',
      command: command.split(' '),
    });
  });
  const error = await t.throwsAsync(askEngine(new ContainerClient(engine, 'docker'), CALL), {
    instanceOf: FailureError,
  });
  t.is(error.failure.class, 'preflight');
  t.regex(error.failure.message, /neither docker nor podman/);
  t.regex(error.failure.hint ?? '', /apt-get install docker\.io/);
});

test('an engine that hangs has the deadline of the call', async (t) => {
  const hangs = { run: new HostCommandRunner().run.bind(new HostCommandRunner()) };
  const client = new ContainerClient(
    { run: (_file, _args, options) => hangs.run('sleep', ['60'], options) },
    'docker',
  );
  const started = performance.now();
  const error = await t.throwsAsync(askEngine(client, { ...CALL, timeoutMs: 200 }), {
    instanceOf: FailureError,
  });
  t.true(performance.now() - started < 3000);
  t.is(error.failure.class, 'preflight');
  t.regex(error.failure.message, /^Docker does not answer: .*did not end within 0\.2 s/);
  t.regex(error.failure.hint ?? '', /hangs: restart it/);
});

const USABLE: ContainerEngine = {
  version: '26.0.0',
  storageDriver: 'overlay2',
  directory: '/var/lib/docker',
  rootless: false,
  runtime: 'runc',
};
/** Bit 24 is CAP_SYS_RESOURCE. */
const WITH = 'CapBnd:\t000001ffffffffff\n';
const WITHOUT = 'CapBnd:\t000001fffeffffff\n';

for (const { title, engine, capabilities, refused } of [
  { title: 'Docker 26 needs no capability', engine: {}, capabilities: WITHOUT, refused: null },
  {
    title: 'Docker 20.10 where the host withholds it',
    engine: { version: '20.10.24+dfsg1' },
    capabilities: WITHOUT,
    refused: /20\.10\.24.*CAP_SYS_RESOURCE/,
  },
  {
    title: 'Docker 25, the last that asks for it',
    engine: { version: '25.0.5' },
    capabilities: WITHOUT,
    refused: /25\.0\.5.*CAP_SYS_RESOURCE/,
  },
  {
    title: 'Docker 20.10 where it is there',
    engine: { version: '20.10.24+dfsg1' },
    capabilities: WITH,
    refused: null,
  },
  {
    title: 'Docker 20.10 with a runtime of its own',
    engine: { version: '20.10.24+dfsg1', runtime: 'mine' },
    capabilities: WITHOUT,
    refused: null,
  },
  {
    title: 'Podman',
    engine: { version: '4.9.4', runtime: null },
    capabilities: WITHOUT,
    refused: null,
  },
  { title: 'rootless', engine: { rootless: true }, capabilities: WITH, refused: /rootless/ },
]) {
  test(`${title}: ${refused === null ? 'taken' : 'refused'}`, async (t) => {
    const status = join(temporaryDirectory(t), 'status');
    await writeFile(status, capabilities);
    const checked = requireUsableEngine('docker', { ...USABLE, ...engine }, status);
    if (refused === null) return t.notThrowsAsync(checked);
    const error = await t.throwsAsync(checked, { instanceOf: FailureError });
    t.is(error.failure.class, 'preflight');
    t.regex(error.failure.message, refused);
    t.regex(error.failure.hint ?? '', /^Use .*provider: lxd/);
  });
}
