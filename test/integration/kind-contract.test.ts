import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { startContainerDocker, type ContainerDocker } from './container-docker.ts';
import { importTinyKindImage, TINY_KIND_IMAGE } from './tiny-kind-image.ts';
import { dockerIsHere } from './docker-daemon.ts';
import { kindProgram } from '../../src/commands/kind-program.ts';
import { directoriesOf } from '../../src/host/directories.ts';
import { HostCommandRunner } from '../../src/process/host-command-runner.ts';
import { ContainerClient } from '../../src/providers/kind/container-client.ts';
import { KindProvider } from '../../src/providers/kind/kind-provider.ts';
import {
  CLUSTER_LABEL,
  LEASE_LABEL,
  networkArguments,
  RUN_LABEL,
} from '../../src/providers/kind/kind-requests.ts';
import { never } from '../support/never.ts';
import { sampleOwner } from '../support/owner.ts';
import { testProviderContract } from '../unit/providers/provider-contract.ts';
import { clusterRun } from '../unit/providers/run-objects.ts';
import type { ContractSubject, CreatedSpec } from '../unit/providers/contract/contract-subject.ts';
import type { CallOptions, ResourceKind } from '../../src/providers/provider.ts';

const CALL: CallOptions = { timeoutMs: 120_000, signal: never() };
/** Of the disk that the daemon keeps everything on, so that it can be filled. */
const DISK_BYTES = 96 * 1024 * 1024;
/** Milliseconds from kind's start to its abort: before it has asked, while it makes nodes, and while it bootstraps them. */
const ABORT_AFTER_MS = [0, 250, 700, 1300];

const isRoot = process.getuid?.() === 0;
const inCI = process.env['CI'] === 'true';
const able = isRoot && (await dockerIsHere(inCI));
const runner = new HostCommandRunner();
const client = new ContainerClient(runner, 'docker');
const directories = directoriesOf(process.env);
let docker: ContainerDocker | null = null;
let folder = '';
const made = new Set<string>();

const provider = new KindProvider(runner, {
  kind: kindProgram(runner, directories, { env: process.env }),
  env: { PATH: process.env['PATH'] },
  directoryOf: (runId) => join(folder, 'runs', runId),
});

test.before(async (t) => {
  if (!able) return;
  t.timeout(20 * 60_000);
  folder = await mkdtemp(join(tmpdir(), 'twinstack-contract-'));
  const disk = join(folder, 'disk');
  await mkdir(disk);
  await runner.run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk], CALL);
  docker = await startContainerDocker(join(disk, 'docker'));
  // kind and the client take it from there.
  process.env['DOCKER_HOST'] = docker.host;
  await importTinyKindImage(client, CALL);
});

test.after.always(async () => {
  if (docker !== null) await docker.stop();
  delete process.env['DOCKER_HOST'];
  if (folder === '') return;
  await runner.run('umount', [join(folder, 'disk')], { ...CALL, accept: 'any' });
  await rm(folder, { recursive: true, force: true });
});

async function addForeign(spec: CreatedSpec, labels: { run: string; lease: string } | null): Promise<void> {
  made.add(spec.name);
  const theirs = labels === null ? [] : [`${RUN_LABEL}=${labels.run}`, `${LEASE_LABEL}=${labels.lease}`];
  if (spec.kind === 'network') {
    const args = networkArguments(spec, sampleOwner('')).filter(
      (word, index, all) => word !== '--label' && all[index - 1] !== '--label',
    );
    await client.run([...args, ...theirs.flatMap((label) => ['--label', label])], CALL);
    return;
  }
  if (spec.kind !== 'cluster') throw new Error(`kind makes no ${spec.kind}`);
  for (const { name } of spec.nodes) {
    made.add(name);
    const label = ['--label', `${CLUSTER_LABEL}=${spec.name}`];
    await client.run(
      ['run', '--detach', '--name', name, '--network', spec.network, ...label, TINY_KIND_IMAGE],
      CALL,
    );
  }
}

/** The engine's own word for a kind of ours. */
function commandOf(kind: ResourceKind): 'container' | 'network' | 'volume' {
  return kind === 'network' ? 'network' : kind === 'lease' ? 'volume' : 'container';
}

async function removeForeign(kind: ResourceKind, name: string): Promise<void> {
  const names =
    kind === 'cluster'
      ? (
          await client.run(['ps', '--all', '--quiet', '--filter', `label=${CLUSTER_LABEL}=${name}`], CALL)
        ).stdout
          .split('\n')
          .filter((id) => id !== '')
      : [name];
  for (const each of names) {
    const force = commandOf(kind) === 'container' ? ['--force', '--volumes'] : [];
    await client.remove([commandOf(kind), 'rm', ...force, each], CALL);
  }
}

/** What the engine says of an object, but for what it counts while it runs. */
interface Mount {
  readonly Destination: string;
}

function sortedByPlace(mounts: readonly Mount[]): Mount[] {
  return [...mounts].sort((one, other) => one.Destination.localeCompare(other.Destination));
}

async function inspect(kind: ResourceKind, name: string): Promise<unknown> {
  made.add(name);
  const [found] = await client.inspect(commandOf(kind), [name], CALL);
  if (found === undefined) return null;
  const fields = Object.entries(found as Record<string, unknown>).filter(([key]) => key !== 'Containers');
  // A network tells who is on it, and that is left out; a container's mounts come in another order each time.
  return Object.fromEntries(
    fields.map(([key, value]) => [key, key === 'Mounts' ? sortedByPlace(value as Mount[]) : value]),
  );
}

/** A small disk is full at once; what is on it already stays. */
async function fillDisk(): Promise<() => Promise<void>> {
  const file = join(folder, 'disk', 'full');
  await writeFile(file, Buffer.alloc(DISK_BYTES)).catch(() => undefined);
  return () => rm(file, { force: true });
}

const subject = (): ContractSubject => ({
  provider,
  specs: (runId, nodes) => clusterRun(runId, nodes, TINY_KIND_IMAGE),
  listed: (spec) =>
    spec.kind === 'cluster'
      ? spec.nodes.map(({ name }) => ({ kind: 'instance', name }))
      : [{ kind: spec.kind, name: spec.name }],
  unfounded: (spec) =>
    spec.kind === 'cluster'
      ? { ...spec, config: spec.config.replace(TINY_KIND_IMAGE, '127.0.0.1:1/none:0') }
      : spec.kind === 'network'
        ? { ...spec, ranges: spec.ranges.map((range) => ({ ...range, gateway: '192.0.2.1' })) }
        : null,
  addForeign,
  removeForeign,
  inspect,
  abortWithin: async (_call, variant, work) => {
    await work(AbortSignal.timeout(ABORT_AFTER_MS[variant] ?? 0)).catch(() => undefined);
  },
  abortVariants: ABORT_AFTER_MS.length,
  nameLimits: [{ kind: 'network', longest: 15 }],
  restart: { cannot: 'a daemon that ends takes its containers with it' },
  fillDisk,
});

if (!able) {
  test('Docker is here', (t) => {
    t.log('SKIPPED: the contract tests of kind, which need root and Docker');
    if (inCI && isRoot) t.fail('CI must have Docker');
    else t.pass();
  });
}

testProviderContract(
  {
    run: (title, implementation) => (able ? test.serial : test.serial.skip)(title, implementation),
    skip: (title) => test.serial.skip(title, (t) => t.pass()),
  },
  subject,
);

if (able) {
  test.serial('nothing that a test made is left', async (t) => {
    t.true(made.size > 0);
    const lists = await Promise.all(
      [
        ['ps', '--all', '--format', '{{.Names}}'],
        ['network', 'ls', '--format', '{{.Name}}'],
        ['volume', 'ls', '--quiet'],
      ].map(async (args) => (await client.run(args, CALL)).stdout.split('\n')),
    );
    const builtIn = ['', 'bridge', 'host', 'none'];
    t.deepEqual(
      lists.flat().filter((name) => !builtIn.includes(name)),
      [],
    );
  });
}
