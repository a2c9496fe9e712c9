import test from 'ava';
import { readFile } from 'node:fs/promises';
import { KindProvider } from '../../../../src/providers/kind/kind-provider.ts';
import { CommandError } from '../../../../src/process/command-runner.ts';
import { encodeLease } from '../../../../src/run/lease.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { WaitTimeoutError } from '../../../../src/run/wait-until.ts';
import { never } from '../../../support/never.ts';
import { sampleLease, sampleOwner } from '../../../support/owner.ts';
import { printed, ScriptedEngine, type Said } from '../../../support/scripted-engine.ts';
import type { NodeNetworkRange, ResourceSpec } from '../../../../src/providers/provider.ts';

const CALL = { timeoutMs: 2000, signal: never() };
const FIXTURES = new URL('../../../fixtures/', import.meta.url);
const OWNER = sampleOwner('k7f3q2');
const NAME = 'ts-k7f3q2';
const V4: NodeNetworkRange = { family: 'IPv4', cidr: '172.30.1.0/24', gateway: '172.30.1.1' };
const V6: NodeNetworkRange = { family: 'IPv6', cidr: 'fd42:1:1::/64', gateway: 'fd42:1:1::1' };
const GONE: Said = { stdout: '[]\n', stderr: `Error: No such network: ${NAME}`, exitCode: 1 };

type Recorded = Record<string, unknown>;

async function recorded(file: string): Promise<Recorded> {
  const [object] = JSON.parse(await readFile(new URL(file, FIXTURES), 'utf8')) as Recorded[];
  if (object === undefined) throw new Error(`${file} is empty`);
  return object;
}

function providerOn(engine: ScriptedEngine, program = 'docker'): KindProvider {
  return new KindProvider(engine, {
    kind: { version: () => Promise.resolve('0.33.0'), ensure: () => Promise.resolve('kind') },
    env: { KIND_EXPERIMENTAL_PROVIDER: program },
    directoryOf: (runId) => `/nonexistent/${runId}`,
  });
}

const networkOf = (...ranges: NodeNetworkRange[]): ResourceSpec => ({
  kind: 'network',
  name: NAME,
  ranges,
  egress: 'blocked',
  acl: null,
});

/** An engine without a network, which makes this one when it is told to. */
function engineThatMakes(network: Recorded, create: Said = {}): ScriptedEngine {
  let isMade = false;
  return new ScriptedEngine((command) => {
    if (command.includes(' network create ')) {
      isMade = true;
      return create;
    }
    return isMade ? printed(network) : GONE;
  });
}

for (const { title, file, ranges } of [
  { title: 'both families', file: 'docker-20.10/network.json', ranges: [V4, V6] },
  {
    title: 'IPv6 alone, and IPv4 beside it, which Docker 20.10 adds unasked',
    file: 'docker-20.10/network-ipv6-only.json',
    ranges: [{ family: 'IPv6', cidr: 'fd42:1:2::/64', gateway: 'fd42:1:2::1' } as const],
  },
  {
    title: "both families, as Podman's documentation shows them",
    file: 'podman-documented/network.json',
    ranges: [V4, V6],
  },
]) {
  test(`a network of ${title} is taken`, async (t) => {
    const engine = engineThatMakes(await recorded(file));
    await t.notThrowsAsync(providerOn(engine).create(networkOf(...ranges), OWNER, CALL));
    t.is(engine.commands.filter((command) => command.includes(' network create ')).length, 1);
  });
}

for (const { title, change } of [
  { title: 'without IPv6 switched on', change: { EnableIPv6: false } },
  {
    title: 'without its IPv6 range',
    change: { IPAM: { Config: [{ Subnet: V4.cidr, Gateway: V4.gateway }] } },
  },
  {
    title: 'with another IPv4 range',
    change: { IPAM: { Config: [{ Subnet: '172.30.9.0/24' }, { Subnet: V6.cidr }] } },
  },
]) {
  test(`a network made ${title} is refused before any node is made`, async (t) => {
    const engine = engineThatMakes({ ...(await recorded('docker-20.10/network.json')), ...change });
    const creating = providerOn(engine).create(networkOf(V4, V6), OWNER, CALL);
    const error = await t.throwsAsync(creating, { instanceOf: FailureError });
    t.is(error.failure.class, 'preflight');
    t.regex(
      error.failure.message,
      /docker made network ts-k7f3q2 with .*172\.30\.1\.0\/24 and fd42:1:1::\/64 was asked/,
    );
    t.regex(error.failure.hint ?? '', /IPv6: switch it on/);
  });
}

for (const { stderr, refused } of [
  {
    stderr:
      'Error response from daemon: Cannot read IPv6 setup for bridge ts-k7f3q2: open /proc/sys/net/ipv6/conf/ts-k7f3q2/disable_ipv6: no such file or directory',
    refused: true,
  },
  {
    stderr: 'Error response from daemon: failed to add jump rules: (ip6tables failed: exit status 3)',
    refused: true,
  },
  {
    stderr: 'Error response from daemon: Pool overlaps with other one on this address space',
    refused: false,
  },
]) {
  test(`a daemon that says ${stderr}: ${refused ? 'refused as one without IPv6' : 'its own words'}`, async (t) => {
    const engine = new ScriptedEngine((command) =>
      command.includes(' network create ') ? { exitCode: 1, stderr } : GONE,
    );
    const creating = providerOn(engine).create(networkOf(V4, V6), OWNER, CALL);
    if (!refused) return t.throwsAsync(creating, { instanceOf: CommandError, message: /Pool overlaps/ });
    const error = await t.throwsAsync(creating, { instanceOf: FailureError });
    t.is(error.failure.class, 'preflight');
    t.true(error.failure.message.startsWith('docker can not make network ts-k7f3q2: Error response'));
    t.regex(error.failure.hint ?? '', /IPv6: switch it on/);
  });
}

test('a network of this run that is there is not made twice', async (t) => {
  const network = await recorded('docker-20.10/network.json');
  const engine = new ScriptedEngine(() => printed(network));
  await providerOn(engine).create(networkOf(V4, V6), OWNER, CALL);
  t.deepEqual(engine.commands, [`docker network inspect ${NAME}`]);
});

for (const [title, Labels] of [
  ['without a label', {}],
  ["with another run's", { 'twinstack.run': 'other1' }],
] as const) {
  test(`a network of that name ${title} is left alone`, async (t) => {
    const network = { ...(await recorded('docker-20.10/network.json')), Labels };
    const engine = new ScriptedEngine(() => printed(network));
    const creating = providerOn(engine).create(networkOf(V4, V6), OWNER, CALL);
    const error = await t.throwsAsync(creating, { instanceOf: FailureError });
    t.is(error.failure.class, 'infrastructure');
    t.deepEqual(engine.commands, [`docker network inspect ${NAME}`]);
  });
}

/** An engine with these networks and volumes, and no container. */
function engineWith(networks: readonly Recorded[], volumes: readonly Recorded[]): ScriptedEngine {
  const ids = (objects: readonly Recorded[]): Said => ({
    stdout: objects.map((_, index) => `${index}\n`).join(''),
  });
  return new ScriptedEngine((command) => {
    if (command.includes(' network ls ')) return ids(networks);
    if (command.includes(' volume ls ')) return ids(volumes);
    if (command.includes(' network inspect ')) return printed(...networks);
    if (command.includes(' volume inspect ')) return printed(...volumes);
    return {};
  });
}

const labels = (lease: ReturnType<typeof sampleLease>): Record<string, string> => ({
  'twinstack.run': 'k7f3q2',
  'twinstack.lease': encodeLease(lease),
});
const LATER = sampleLease({ expiresAt: '2027-01-01T00:00:00.000Z' });
const ofEngine = (command: string): boolean => / volume (rm|create) /.test(command);

test('a lease that is written anew goes into a volume of its own, and counts from then on', async (t) => {
  const network = { ...(await recorded('docker-20.10/network.json')), Labels: labels(OWNER.lease) };
  const owner = { runId: 'k7f3q2', lease: LATER };
  const before = engineWith([network], []);
  await providerOn(before).relabel({ kind: 'network', name: NAME }, owner, CALL);
  t.deepEqual(before.commands.filter(ofEngine), [
    `docker volume rm ${NAME}`,
    `docker volume create --label twinstack.run=k7f3q2 --label twinstack.lease=${encodeLease(LATER)} ${NAME}`,
  ]);

  const volume = { ...(await recorded('docker-20.10/volume.json')), Labels: labels(LATER) };
  const after = engineWith([network], [volume]);
  await providerOn(after).relabel({ kind: 'instance', name: `${NAME}-worker` }, owner, CALL);
  t.deepEqual(after.commands.filter(ofEngine), [], 'it says so already');
  const owned = await providerOn(after).listOwned(CALL);
  t.deepEqual(
    owned.map(({ kind, name, lease }) => [kind, name, lease?.expiresAt]),
    [
      ['network', NAME, LATER.expiresAt],
      ['lease', NAME, LATER.expiresAt],
    ],
  );
});

test('where nothing of the run is there, no volume is made', async (t) => {
  const engine = engineWith([], []);
  await providerOn(engine).relabel({ kind: 'network', name: NAME }, OWNER, CALL);
  t.deepEqual(engine.commands.filter(ofEngine), []);
});

const TAKEN: Said = {
  exitCode: 1,
  stderr: `Error response from daemon: Conflict. The container name "/${NAME}-worker" is already in use by container "d3d2". You have to remove (or rename) that container to be able to reuse that name.\n`,
};

/** An engine in which a container's name is taken at so many tries, before it is in the list or goes. */
function busyEngine(tries: number, listed: boolean): ScriptedEngine {
  let asked = 0;
  return new ScriptedEngine((command) => {
    if (command.includes(' image ls ')) return { stdout: 'sha256:aa\n' };
    if (command.includes(' container inspect '))
      return asked >= tries && listed ? printed({ Id: 'd3d2' }) : GONE_CONTAINER;
    if (command.includes(' container create ')) return asked++ < tries ? TAKEN : { stdout: 'e1\n' };
    return {};
  });
}

const GONE_CONTAINER: Said = { stdout: '[]\n', stderr: 'Error: No such container: x', exitCode: 1 };
const tried = ({ commands }: ScriptedEngine): number =>
  commands.filter((command) => command.includes(' container create ')).length;

test('a name that is taken and in no list is waited for, until the container is in the list', async (t) => {
  const engine = busyEngine(2, true);
  await providerOn(engine).settle([`${NAME}-worker`], CALL);
  t.is(tried(engine), 2);
  t.false(
    engine.commands.some((command) => command.includes(' container rm ')),
    'it is not ours to remove here',
  );
});

test('or until the name is free: what was made for the try goes at once', async (t) => {
  const engine = busyEngine(1, false);
  await providerOn(engine).settle([`${NAME}-worker`], CALL);
  t.is(tried(engine), 2);
  t.is(engine.commands.at(-1), `docker container rm --force --volumes ${NAME}-worker`);
});

test('an engine that never finishes is named when the time is up', async (t) => {
  const settling = providerOn(busyEngine(Infinity, false)).settle([`${NAME}-worker`], {
    ...CALL,
    timeoutMs: 500,
  });
  const error = await t.throwsAsync(settling, { instanceOf: WaitTimeoutError });
  t.regex(error.message, /still making ts-k7f3q2-worker/);
});

test('an engine without an image makes no container', async (t) => {
  const engine = new ScriptedEngine(() => ({}));
  await providerOn(engine).settle([`${NAME}-worker`], CALL);
  t.deepEqual(engine.commands, ['docker image ls --quiet --no-trunc']);
});

test("what lacks this run's label is not removed", async (t) => {
  const network = { ...(await recorded('docker-20.10/network.json')), Labels: { 'twinstack.run': 'other1' } };
  const engine = engineWith([network], []);
  await providerOn(engine).remove({ kind: 'network', name: NAME }, 'k7f3q2', CALL);
  t.false(engine.commands.some((command) => command.includes(' rm ')));
});

test('every range of the engine is in use, whoever made the network', async (t) => {
  const networks = [
    await recorded('docker-20.10/network.json'),
    await recorded('docker-20.10/network-ipv6-only.json'),
  ];
  t.deepEqual(await providerOn(engineWith(networks, [])).usedRanges(CALL), [
    '172.30.1.0/24',
    'fd42:1:1::/64',
    '172.30.2.0/24',
    'fd42:1:2::/64',
  ]);
});
