import test from 'ava';
import { LXD } from '../../../src/providers/lxc/dialect.ts';
import { LxcClient } from '../../../src/providers/lxc/lxc-client.ts';
import { ensureLxcForeignImage } from '../../../src/providers/lxc/lxc-foreign-image.ts';
import { CommandError, type CommandRunner } from '../../../src/process/command-runner.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { never } from '../../support/never.ts';
import type { FoundForeignImage } from '../../../src/providers/provider.ts';

const HERE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const FINGERPRINT = 'ab'.repeat(32);
const REMOTES = {
  local: { Addr: 'unix://', Protocol: '' },
  ubuntu: { Addr: 'https://images.example.test', Protocol: 'simplestreams' },
};

interface Engine {
  /** What `lxc image list` says; an error when it is a text. */
  readonly listed?: readonly object[] | string;
  /** Objects by path. */
  readonly objects?: Readonly<Record<string, object>>;
}

/** The engine's client as a program, and everything that it was asked. */
function engine({ listed = [], objects = {} }: Engine): { runner: CommandRunner; asked: string[] } {
  const asked: string[] = [];
  const fail = (stderr: string): never => {
    throw new CommandError('lxc failed', { kind: 'exit', command: ['lxc'], exitCode: 1, stderr });
  };
  const answer = (args: readonly string[]): unknown => {
    if (args[0] === 'remote') return REMOTES;
    if (args[0] === 'image') return typeof listed === 'string' ? fail(listed) : listed;
    const path = (args.at(-1) ?? '').replace(/^local:/, '').replace(/\?.*$/, '');
    return objects[path] ?? fail('Error: Image not found');
  };
  return {
    asked,
    runner: {
      run: async (_file, args) => {
        asked.push(args.join(' '));
        const stdout = JSON.stringify(await Promise.resolve(answer(args)));
        return { exitCode: 0, stdout, stderr: '', durationMs: 1 };
      },
    },
  };
}

function ensure(
  { runner }: { runner: CommandRunner },
  remote: string,
  alias: string,
): Promise<FoundForeignImage> {
  const options = { timeoutMs: 1000, signal: never(), onProgress: () => undefined };
  return ensureLxcForeignImage(new LxcClient(LXD, runner), { remote, alias }, options);
}

const published = (change: object = {}): object => ({
  fingerprint: FINGERPRINT,
  type: 'container',
  architecture: HERE,
  aliases: [{ name: '24.04' }, { name: 'noble' }],
  ...change,
});

test('what the engine has is used as it is: nothing is asked of it that could write a label', async (t) => {
  const image = { fingerprint: FINGERPRINT, type: 'container' };
  const there = engine({ listed: [published()], objects: { [`/1.0/images/${FINGERPRINT}`]: image } });
  const found = await ensure(there, 'ubuntu', '24.04');
  t.deepEqual(found, {
    remote: 'ubuntu',
    alias: '24.04',
    fingerprint: FINGERPRINT,
    server: 'https://images.example.test',
  });
  t.false(there.asked.some((command) => /POST|PUT|PATCH/.test(command)));
});

test('local: is looked up by alias, and by fingerprint, and nowhere else', async (t) => {
  const image = { fingerprint: FINGERPRINT, type: 'container' };
  const there = engine({
    objects: {
      '/1.0/images/aliases/mine%2Fone': { target: FINGERPRINT },
      [`/1.0/images/${FINGERPRINT}`]: image,
      '/1.0/images/abababababab': image,
    },
  });
  for (const alias of ['mine/one', 'abababababab']) {
    t.like(await ensure(there, 'local', alias), { fingerprint: FINGERPRINT, server: null });
  }
  t.false(there.asked.some((command) => command.startsWith('image list') || command.includes('POST')));
});

const ALIASED = { '/1.0/images/aliases/mine': { target: FINGERPRINT } };

for (const [what, remote, alias, at, failureClass, message, hint] of [
  [
    'a remote that is not known',
    'nowhere',
    'x',
    {},
    'preflight',
    /no remote nowhere; it has local, ubuntu/,
    /lxc remote add nowhere/,
  ],
  ['a local image that is not there', 'local', 'x', {}, 'preflight', /has no image x/, /lxc image import/],
  [
    'a local image for virtual machines',
    'local',
    'mine',
    {
      objects: {
        ...ALIASED,
        [`/1.0/images/${FINGERPRINT}`]: { fingerprint: FINGERPRINT, type: 'virtual-machine' },
      },
    },
    'infrastructure',
    /for virtual machines/,
    /for containers/,
  ],
  [
    'a server that does not answer',
    'ubuntu',
    '24.04',
    { listed: 'Error: connection refused' },
    'infrastructure',
    /images\.example\.test can't be asked for 24\.04: Error: connection refused/,
    /image: local:NAME/,
  ],
  [
    'an alias that is not there',
    'ubuntu',
    '24',
    { listed: [published()] },
    'infrastructure',
    /has no image 24$/,
    /lxc image list ubuntu:/,
  ],
  [
    'an image for other machines',
    'ubuntu',
    '24.04',
    { listed: [published({ architecture: 's390x' })] },
    'infrastructure',
    /has 24\.04 for s390x, and this machine is/,
    /lxc image list ubuntu:/,
  ],
  [
    'an image for virtual machines alone',
    'ubuntu',
    '24.04',
    { listed: [published({ type: 'virtual-machine' })] },
    'infrastructure',
    /for virtual machines/,
    /for containers/,
  ],
] as const) {
  test(`${what}: said with what to do`, async (t) => {
    const error = await t.throwsAsync(ensure(engine(at), remote, alias), { instanceOf: FailureError });
    t.is(error.failure.class, failureClass);
    t.regex(error.failure.message, message);
    t.regex(error.failure.hint ?? '', hint);
  });
}
