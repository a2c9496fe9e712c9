import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { importTinyImage } from './tiny-image.ts';
import { HostCommandRunner } from '../../src/process/host-command-runner.ts';
import { LxcClient } from '../../src/providers/lxc/lxc-client.ts';
import { LxcProvider } from '../../src/providers/lxc/lxc-provider.ts';
import { createRequest, LEASE_LABEL, objectPath, RUN_LABEL } from '../../src/providers/lxc/lxc-requests.ts';
import { newRunId } from '../../src/run/run-identity.ts';
import { never } from '../support/never.ts';
import { sampleOwner } from '../support/owner.ts';
import { testProviderContract } from '../unit/providers/provider-contract.ts';
import { containerRun, unfounded } from '../unit/providers/run-objects.ts';
import type { Dialect } from '../../src/providers/lxc/dialect.ts';
import type { ContractSubject } from '../unit/providers/contract/contract-subject.ts';
import type { CallOptions, EngineResourceSpec } from '../../src/providers/provider.ts';

const CALL: CallOptions = { timeoutMs: 60_000, signal: never() };
/** Of the disk that is filled. */
const DISK_BYTES = 8 * 1024 * 1024;

/** Milliseconds from the client's start to its abort: before it has asked, while the daemon works, and when it is about done. */
const ABORT_AFTER_MS = [0, 25, 60, 120];

const isRoot = process.getuid?.() === 0;

/** Every process' command line, its arguments separated by NUL. */
async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}

/** Registers the contract's tests on the engine that its client reaches. Without one they are a loud skip, and a failure in CI. */
export async function testLxcContract(
  dialect: Dialect,
  restart: ContractSubject['restart'],
  atEnd: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const runner = new HostCommandRunner();
  const provider = new LxcProvider(dialect, runner);
  const client = new LxcClient(dialect, runner);
  const pool = `ts-contract-${newRunId()}`;
  let image = '';
  let directory = '';
  const made: string[] = [];

  /** Names of everything in the engine that a test could have made. */
  async function listAll(): Promise<string[]> {
    const collections = ['instances', 'profiles', 'networks', 'network-acls', 'images', 'storage-pools'];
    const lists = await Promise.all(
      collections.map((collection) => client.query('GET', `/1.0/${collection}`, undefined, CALL)),
    );
    return lists.flatMap((list) => list as string[]).sort();
  }

  /** Where the pool keeps its nodes: for root a small disk of its own, so that it can be filled. */
  const disk = (): string => join(directory, 'disk');

  /** Writes until nothing fits any more. */
  async function fillDisk(): Promise<() => Promise<void>> {
    const file = join(disk(), 'full');
    await writeFile(file, Buffer.alloc(DISK_BYTES)).catch(() => undefined);
    return () => rm(file, { force: true });
  }

  const subject = (): ContractSubject => ({
    provider,
    specs: (runId, nodes) => containerRun(runId, { image, pool }, nodes),
    unfounded,
    addForeign: async (spec: EngineResourceSpec, labels) => {
      made.push(spec.name);
      const { path, body } = createRequest(spec, sampleOwner(''));
      const config = Object.entries(body['config'] as Record<string, string>);
      const unlabelled = config.filter(([key]) => key !== RUN_LABEL && key !== LEASE_LABEL);
      const theirs = labels === null ? {} : { [RUN_LABEL]: labels.run, [LEASE_LABEL]: labels.lease };
      await client.query(
        'POST',
        path,
        { ...body, config: { ...Object.fromEntries(unlabelled), ...theirs } },
        CALL,
      );
    },
    removeForeign: async (kind: EngineResourceSpec['kind'], name) => {
      if ((await client.find(objectPath(kind, name), CALL)) === null) return;
      await client.query('DELETE', objectPath(kind, name), undefined, CALL);
    },
    inspect: (kind: EngineResourceSpec['kind'], name) => {
      made.push(name);
      return client.find(objectPath(kind, name), CALL);
    },
    abortWithin: async (_call, variant, work) => {
      await work(AbortSignal.timeout(ABORT_AFTER_MS[variant] ?? 0)).catch(() => undefined);
    },
    abortVariants: ABORT_AFTER_MS.length,
    nameLimits: [
      { kind: 'network', longest: 15 },
      { kind: 'instance', longest: 63 },
    ],
    restart,
    fillDisk: isRoot ? fillDisk : { cannot: 'only root can make a disk that is small' },
  });

  const missing = await provider.info(CALL).then(
    () => null,
    (error: Error) => error.message,
  );
  const inCI = process.env['CI'] === 'true';

  test.before(async () => {
    if (missing !== null) return;
    directory = await mkdtemp(join(tmpdir(), 'twinstack-contract-'));
    await mkdir(disk());
    if (isRoot) await runner.run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk()], CALL);
    const config = isRoot ? { source: disk() } : {};
    await client.query('POST', '/1.0/storage-pools', { name: pool, driver: 'dir', config }, CALL);
    image = await importTinyImage(client, directory, CALL);
  });

  test.after.always(async () => {
    if (missing !== null) return atEnd();
    if (image !== '') await client.query('DELETE', `/1.0/images/${image}`, undefined, CALL);
    await client.query('DELETE', `/1.0/storage-pools/${pool}`, undefined, CALL);
    if (isRoot) await runner.run('umount', [disk()], CALL);
    await rm(directory, { recursive: true, force: true });
    await atEnd();
  });

  if (missing !== null) {
    test(`${dialect.title} is here`, (t) => {
      t.log(`SKIPPED: the contract tests of ${dialect.title}, because ${missing}`);
      if (inCI) t.fail(`CI must have ${dialect.title}: ${missing}`);
      else t.pass();
    });
  }

  testProviderContract(
    {
      run: (title, implementation) =>
        (missing === null ? test.serial : test.serial.skip)(title, implementation),
      skip: (title) => test.serial.skip(title, (t) => t.pass()),
    },
    subject,
  );

  if (missing === null) {
    test.serial('nothing that a test made is left', async (t) => {
      const names = new Set(made);
      t.true(names.size > 0);
      const left = (await listAll()).filter((url) => names.has(url.split('/').at(-1) ?? ''));
      t.deepEqual(left, []);
      // What the engine itself may leave behind on the host and lists no more.
      t.deepEqual(
        (await readdir('/sys/class/net')).filter((link) => names.has(link)),
        [],
      );
      const commands = await commandLines();
      t.deepEqual(
        commands.filter((line) => [...names].some((name) => line.includes(`--interface=${name}\0`))),
        [],
      );
    });
  }
}
