import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { importTinyImage } from './tiny-image.ts';
import { HostCommandRunner } from '../../src/process/host-command-runner.ts';
import { LxdClient } from '../../src/providers/lxd/lxd-client.ts';
import { LxdProvider } from '../../src/providers/lxd/lxd-provider.ts';
import { createRequest, LEASE_LABEL, objectPath, RUN_LABEL } from '../../src/providers/lxd/lxd-requests.ts';
import { newRunId } from '../../src/run/run-identity.ts';
import { never } from '../support/never.ts';
import { sampleOwner } from '../support/owner.ts';
import { testProviderContract, type ContractSubject } from '../unit/providers/provider-contract.ts';
import type { CallOptions } from '../../src/providers/provider.ts';

const runner = new HostCommandRunner();
const provider = new LxdProvider(runner);
const client = new LxdClient(runner);
const CALL: CallOptions = { timeoutMs: 60_000, signal: never() };
const pool = `ts-contract-${newRunId()}`;

/** Milliseconds from the client's start to its abort: before it has asked, while the daemon works, and when it is about done. */
const ABORT_AFTER_MS = [0, 25, 60, 120];

/** Names of everything in the engine that a test could have made. */
async function listAll(): Promise<string[]> {
  const collections = ['instances', 'profiles', 'networks', 'network-acls', 'images', 'storage-pools'];
  const lists = await Promise.all(
    collections.map((collection) => client.query('GET', `/1.0/${collection}`, undefined, CALL)),
  );
  return lists.flatMap((list) => list as string[]).sort();
}

/** Every process' command line, its arguments separated by NUL. */
async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}

let image = '';
let directory = '';
const made: string[] = [];

const subject = (): ContractSubject => ({
  provider,
  image,
  pool,
  abortVariants: ABORT_AFTER_MS.length,
  addForeign: async (spec, runId) => {
    made.push(spec.name);
    const { path, body } = createRequest(spec, sampleOwner(runId ?? ''));
    const config = Object.entries(body.config as Record<string, string>);
    const unlabelled = config.filter(([key]) => key !== RUN_LABEL && key !== LEASE_LABEL);
    const labelled = runId === null ? unlabelled : config;
    await client.query('POST', path, { ...body, config: Object.fromEntries(labelled) }, CALL);
  },
  inspect: (kind, name) => {
    made.push(name);
    return client.find(objectPath(kind, name), CALL);
  },
  createAborted: async (spec, runId, variant) => {
    made.push(spec.name);
    const signal = AbortSignal.timeout(ABORT_AFTER_MS[variant] ?? 0);
    await provider.create(spec, sampleOwner(runId), { ...CALL, signal }).catch(() => undefined);
  },
  removeForeign: async (kind, name) => {
    if ((await client.find(objectPath(kind, name), CALL)) === null) return;
    await client.query('DELETE', objectPath(kind, name), undefined, CALL);
  },
});

const missing = await provider.info(CALL).then(
  () => null,
  (error: Error) => error.message,
);
const inCI = process.env.CI === 'true';

test.before(async () => {
  if (missing !== null) return;
  directory = await mkdtemp(join(tmpdir(), 'twinstack-lxd-'));
  await client.query('POST', '/1.0/storage-pools', { name: pool, driver: 'dir' }, CALL);
  image = await importTinyImage(runner, directory, CALL);
});

test.after.always(async () => {
  if (missing !== null) return;
  if (image !== '') await client.query('DELETE', `/1.0/images/${image}`, undefined, CALL);
  await client.query('DELETE', `/1.0/storage-pools/${pool}`, undefined, CALL);
  await rm(directory, { recursive: true, force: true });
});

if (missing !== null) {
  test('LXD is here', (t) => {
    t.log(`SKIPPED: the contract tests of the LXD provider, because ${missing}`);
    if (inCI) t.fail(`CI must have LXD: ${missing}`);
    else t.pass();
  });
}

testProviderContract(
  (title, implementation) => (missing === null ? test.serial : test.serial.skip)(title, implementation),
  subject,
);

if (missing === null) {
  test.serial('nothing that a test made is left', async (t) => {
    const names = new Set(made);
    t.true(names.size > 0);
    const left = (await listAll()).filter((url) => names.has(url.split('/').at(-1) ?? ''));
    t.deepEqual(left, []);
    // What LXD itself may leave behind on the host and lists no more.
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
