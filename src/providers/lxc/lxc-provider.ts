import { LxcClient, LxcNotFoundError, PROJECT, queryArguments } from './lxc-client.ts';
import { execArguments, LxcNode } from './lxc-node.ts';
import { ensureLxcImage, ensureStoragePool, listCachedObjects, STORAGE_POOL } from './lxc-cache.ts';
import {
  lxcInstances,
  lxcNetworkAcls,
  lxcNetworks,
  lxcOperations,
  lxcProfiles,
  lxcPoolResources,
} from './lxc-objects.ts';
import { ensureLxcForeignImage } from './lxc-foreign-image.ts';
import { engineAnswer } from './engine-answer.ts';
import type { Dialect } from './dialect.ts';
import { startBuilder } from './lxc-builder.ts';
import { createRequest, LEASE_LABEL, objectPath, RUN_LABEL, unpackRequest } from './lxc-requests.ts';
import { ForwardRules } from '../../host/forward-rules.ts';
import { waitUntil, type Look } from '../../run/wait-until.ts';
import { decodeLease, encodeLease } from '../../run/lease.ts';
import { FailureError } from '../../run/failure.ts';
import { CAPABILITIES, type Capabilities } from '../../scenario/provider-capabilities.ts';
import { CommandError, type CommandRunner } from '../../process/command-runner.ts';
import type { NodeImage } from '../../images/node-image.ts';
import { wholeRequest } from '../whole-request.ts';
import type { ResourceRef } from '../../run/event.ts';
import type { ForeignImageName } from '../../scenario/foreign-image-name.ts';
import type {
  BuilderSpec,
  CachedResource,
  CallOptions,
  EngineInfo,
  EnsuredImage,
  FoundForeignImage,
  Node,
  OwnedResource,
  Owner,
  Provider,
  EngineResourceSpec,
  ResourceSpec,
} from '../provider.ts';

type EngineKind = EngineResourceSpec['kind'];
const KINDS: readonly EngineKind[] = ['instance', 'profile', 'network', 'network-acl'];

/** Seconds that the engine itself gives a start. */
const START = { action: 'start', timeout: 60 };

/** The API's codes of what has ended: success, failure, cancelled. It is still listed for some seconds. */
const FIRST_FINAL_STATUS = 200;

const isKind = (kind: string): kind is EngineKind => (KINDS as readonly string[]).includes(kind);

const isOfEngine = (spec: ResourceSpec): spec is EngineResourceSpec => isKind(spec.kind);

/** Nodes as privileged system containers of LXD or Incus, driven through the real client. */
export class LxcProvider implements Provider {
  readonly name: Dialect['provider'];
  readonly capabilities: Capabilities;
  readonly #dialect: Dialect;
  readonly #runner: CommandRunner;
  readonly #client: LxcClient;
  readonly #forwardRules: ForwardRules;

  /** @param forwardRules the host's own firewall, beside the engine's. */
  constructor(
    dialect: Dialect,
    runner: CommandRunner,
    forwardRules = new ForwardRules(runner, dialect.provider),
  ) {
    this.name = dialect.provider;
    this.capabilities = CAPABILITIES[dialect.provider];
    this.#dialect = dialect;
    this.#forwardRules = forwardRules;
    this.#runner = runner;
    this.#client = new LxcClient(dialect, runner);
  }

  async info(options: CallOptions): Promise<EngineInfo> {
    const { version, storageDriver } = await engineAnswer(this.#client, options);
    return { version, engine: `${this.name} ${version}`, storageDriver };
  }

  async usedRanges(options: CallOptions): Promise<string[]> {
    const networks = lxcNetworks.parse(
      await this.#client.query('GET', '/1.0/networks?recursion=1', undefined, options),
    );
    return networks.flatMap(({ config }) =>
      ['ipv4.address', 'ipv6.address'].flatMap((key) => {
        const value = config[key];
        return value === undefined || !value.includes('/') ? [] : [value];
      }),
    );
  }

  async poolFreeBytes(options: CallOptions): Promise<number | null> {
    const path = `/1.0/storage-pools/${STORAGE_POOL}/resources`;
    const { space } = lxcPoolResources.parse((await this.#client.find(path, options)) ?? {});
    return space === undefined ? null : space.total - space.used;
  }

  async ensureImage(
    image: NodeImage,
    options: CallOptions & { onProgress(text: string): void },
  ): Promise<EnsuredImage> {
    const storageDriver = await ensureStoragePool(this.#client, options);
    const name = await ensureLxcImage(this.#client, image, options);
    return { name, unpacked: await this.#isUnpacked(name, options), storageDriver };
  }

  async ensureForeignImage(
    image: ForeignImageName,
    options: CallOptions & { onProgress(text: string): void },
  ): Promise<EnsuredImage & { found: FoundForeignImage }> {
    const found = await ensureLxcForeignImage(this.#client, image, options);
    const storageDriver = await ensureStoragePool(this.#client, options);
    const name = found.fingerprint;
    return { name, unpacked: await this.#isUnpacked(name, options), storageDriver, found };
  }

  async #isUnpacked(name: string, options: CallOptions): Promise<boolean> {
    const volume = await this.#client.find(
      `/1.0/storage-pools/${STORAGE_POOL}/volumes/image/${name}`,
      options,
    );
    return volume !== null;
  }

  async unpackImage(image: string, instance: string, owner: Owner, options: CallOptions): Promise<void> {
    const { path, body } = unpackRequest(image, instance, STORAGE_POOL, owner);
    await this.#client.query('POST', path, body, options);
    await this.#client.query('DELETE', objectPath('instance', instance), undefined, options);
  }

  async startBuilder(spec: BuilderSpec, owner: Owner, options: CallOptions): Promise<void> {
    await startBuilder(this.#client, spec, owner, options);
    await this.start(spec.name, options);
  }

  async create(spec: ResourceSpec, owner: Owner, options: CallOptions): Promise<void> {
    if (spec.kind === 'forward-rule') {
      return wholeRequest(options, (call) => this.#forwardRules.create(spec, owner.runId, call));
    }
    if (!isOfEngine(spec)) throw new Error(`${this.#dialect.title} makes no ${spec.kind}`);
    const { path, body } = createRequest(spec, owner);
    const found = await this.#ownedBy(spec, owner.runId, { ...options, beforeCreate: true });
    if (found) return;
    // Only an instance is made by an operation, which can be cancelled and is waited for. The rest is made within the request, and
    // the engine goes on when its client is gone: a network that is deleted meanwhile leaves its bridge and its dnsmasq on the host.
    const request = (call: CallOptions): Promise<unknown> => this.#client.query('POST', path, body, call);
    await (spec.kind === 'instance' ? request(options) : wholeRequest(options, request));
  }

  kubeconfig(cluster: string): Promise<string> {
    return Promise.reject(new Error(`${this.#dialect.title} makes machines, and no cluster ${cluster}`));
  }

  async start(instance: string, options: CallOptions): Promise<void> {
    await this.#client.query('PUT', `${objectPath('instance', instance)}/state`, START, options);
  }

  startCommand(instance: string): readonly string[] {
    return [
      this.#dialect.client,
      ...queryArguments('PUT', `${objectPath('instance', instance)}/state`, START),
    ];
  }

  execCommand(instance: string, file: string, args: readonly string[], input = false): readonly string[] {
    return [this.#dialect.client, ...execArguments(instance, file, args, input ? [] : ['--disable-stdin'])];
  }

  node(instance: string): Node {
    return new LxcNode(instance, this.#runner, this.#dialect.client);
  }

  shellCommand(instance: string): readonly string[] {
    return [this.#dialect.client, 'exec', '--project', PROJECT, `local:${instance}`, '--', 'bash', '-l'];
  }

  async remove(ref: ResourceRef, runId: string, options: CallOptions): Promise<void> {
    if (ref.kind === 'forward-rule') return this.#forwardRules.remove(ref.name, runId, options);
    if (!isKind(ref.kind)) throw new Error(`${this.#dialect.title} has no objects of kind ${ref.kind}`);
    if (!(await this.#ownedBy({ kind: ref.kind, name: ref.name }, runId, options))) return;
    try {
      if (ref.kind === 'instance') {
        const stop = { action: 'stop', force: true, timeout: Math.ceil(options.timeoutMs / 1000) };
        await this.#client
          .query('PUT', `${objectPath('instance', ref.name)}/state`, stop, options)
          .catch((error: unknown) => {
            // A node that died or never started is stopped already; what matters is that it can be deleted.
            if (!(error instanceof CommandError) || error.kind !== 'exit') throw error;
          });
      }
      // Like a creation: what is done within the request goes on without its client, and a second request at the same time would
      // leave the network's dnsmasq running.
      const path = objectPath(ref.kind, ref.name);
      const request = (call: CallOptions): Promise<unknown> =>
        this.#client.query('DELETE', path, undefined, call);
      await (ref.kind === 'instance' ? request(options) : wholeRequest(options, request));
    } catch (error) {
      if (!(error instanceof LxcNotFoundError)) throw error;
    }
  }

  async relabel(ref: ResourceRef, owner: Owner, options: CallOptions): Promise<void> {
    // Its comment names the run, and the run's network has the lease.
    if (ref.kind === 'forward-rule') return;
    if (!isKind(ref.kind)) throw new Error(`${this.#dialect.title} has no objects of kind ${ref.kind}`);
    const path = objectPath(ref.kind, ref.name);
    if (!(await this.#ownedBy({ kind: ref.kind, name: ref.name }, owner.runId, options))) return;
    const found = (await this.#client.find(path, options)) as { config?: Record<string, string> } | null;
    // An ACL has no PATCH in LXD 5.0, and a PATCH of `config` elsewhere may replace it: so the whole is written back.
    const config = { ...found?.config, [LEASE_LABEL]: encodeLease(owner.lease) };
    await this.#client.query('PUT', path, { ...found, config }, options);
  }

  async settle(names: readonly string[], options: CallOptions): Promise<void> {
    await waitUntil(
      async (_attempt, signal): Promise<Look<null>> => {
        const call = { ...options, signal };
        const busy = await this.#operationsOn(names, call);
        if (busy.length === 0) return { met: true, value: null };
        for (const operation of busy.filter((candidate) => candidate.cancellable)) {
          await this.#client
            .query('DELETE', `/1.0/operations/${operation.id}`, undefined, call)
            .catch(() => null);
        }
        return {
          met: false,
          missing: `${this.#dialect.title} is still working on ${busy.map((operation) => operation.name).join(', ')}`,
        };
      },
      {
        condition: `${this.#dialect.title} has no operation on objects of this run`,
        intervalMs: 100,
        ...options,
      },
    );
  }

  async listOwned(options: CallOptions): Promise<OwnedResource[]> {
    const list = (collection: string): Promise<unknown> =>
      this.#client.query('GET', `/1.0/${collection}?recursion=1`, undefined, options);
    // First of all: the rules of a run at work are there only while its network is, which holds its lease.
    const forwardRules = await this.#forwardRules.listOwned(options);
    const [instances, profiles, networks, acls] = await Promise.all([
      list('instances').then((answer) => lxcInstances.parse(answer)),
      list('profiles').then((answer) => lxcProfiles.parse(answer)),
      list('networks').then((answer) => lxcNetworks.parse(answer)),
      list('network-acls').then((answer) => lxcNetworkAcls.parse(answer)),
    ]);
    const owned = (
      kind: EngineKind,
      objects: readonly { name: string; config: Record<string, string>; created_at?: string | undefined }[],
    ): OwnedResource[] =>
      objects.flatMap(({ name, config, created_at: createdAt }) => {
        const runId = config[RUN_LABEL];
        if (runId === undefined) return [];
        return [
          { kind, name, runId, lease: decodeLease(config[LEASE_LABEL] ?? ''), createdAt: createdAt ?? null },
        ];
      });
    return [
      ...owned('instance', instances),
      ...owned('profile', profiles),
      ...owned('network', networks),
      ...owned('network-acl', acls),
      ...forwardRules,
    ];
  }

  listCached(options: CallOptions): Promise<CachedResource[]> {
    return listCachedObjects(this.#client, options);
  }

  async removeCached(resource: CachedResource, options: CallOptions): Promise<void> {
    const collection = resource.kind === 'engine-image' ? 'images' : 'storage-pools';
    await this.#client.query('DELETE', `/1.0/${collection}/${resource.name}`, undefined, options);
  }

  commandsFor(spec: ResourceSpec, owner: Owner): readonly (readonly string[])[] {
    if (spec.kind === 'forward-rule') return this.#forwardRules.commandsFor(spec, owner.runId);
    if (!isOfEngine(spec)) throw new Error(`${this.#dialect.title} makes no ${spec.kind}`);
    const { path, body } = createRequest(spec, owner);
    return [[this.#dialect.client, ...queryArguments('POST', path, body)]];
  }

  /** Whether the object is there with this run's label; before a creation, a foreign object in its place is an error. */
  async #ownedBy(
    ref: { kind: EngineKind; name: string },
    runId: string,
    options: CallOptions & { beforeCreate?: boolean },
  ): Promise<boolean> {
    const found = await this.#client.find(objectPath(ref.kind, ref.name), options);
    if (found === null) return false;
    const label = (found as { config?: Record<string, string> }).config?.[RUN_LABEL];
    if (label !== runId && options.beforeCreate === true) {
      throw new FailureError({
        class: 'infrastructure',
        step: 'launch',
        message: `${ref.kind} ${ref.name} exists in ${this.#dialect.title} and does not belong to run ${runId}`,
        hint: 'Run again: every run has names of its own.',
      });
    }
    return label === runId;
  }

  async #operationsOn(
    names: readonly string[],
    options: CallOptions,
  ): Promise<{ id: string; name: string; cancellable: boolean }[]> {
    const path = '/1.0/operations?recursion=1';
    const byStatus = lxcOperations.parse((await this.#client.query('GET', path, undefined, options)) ?? {});
    return Object.values(byStatus)
      .flat()
      .filter(({ status_code: status }) => status < FIRST_FINAL_STATUS)
      .flatMap((operation) => {
        const touched = Object.values(operation.resources ?? {}).flatMap((urls) => urls ?? []);
        const name = names.find((candidate) => touched.some((url) => url.split(/[/?]/).includes(candidate)));
        return name === undefined ? [] : [{ id: operation.id, name, cancellable: operation.may_cancel }];
      });
  }
}
