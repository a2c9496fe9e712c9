import { join } from 'node:path';
import { EgressBlocks } from '../../host/egress-block.ts';
import { ForwardRules } from '../../host/forward-rules.ts';
import { freeBytes } from '../../host/free-bytes.ts';
import { decodeLease, encodeLease, type Lease } from '../../run/lease.ts';
import { CAPABILITIES } from '../../scenario/provider-capabilities.ts';
import { chooseContainerProgram } from './choose-container-program.ts';
import { ContainerClient } from './container-client.ts';
import { ensureContainerImage, ensurePublishedImage, listCachedImages } from './container-image.ts';
import { createNetwork } from './create-network.ts';
import { createCluster, listClusterNodes } from './kind-clusters.ts';
import { settleNames } from './settle-names.ts';
import { wholeRequest } from '../whole-request.ts';
import { askEngine, requireUsableEngine } from './kind-engine.ts';
import { execArguments, KindNode } from './kind-node.ts';
import { networkObjects, volumeObjects } from './kind-objects.ts';
import {
  createArguments,
  kindEnvironment,
  LEASE_LABEL,
  leaseArguments,
  networkArguments,
  RUN_LABEL,
} from './kind-requests.ts';
import type { CommandRunner } from '../../process/command-runner.ts';
import type { NodeImage } from '../../images/node-image.ts';
import type { ResourceRef } from '../../run/event.ts';
import type { ForeignImageName } from '../../scenario/foreign-image-name.ts';
import type {
  CachedResource,
  CallOptions,
  CreateOptions,
  EngineInfo,
  EnsuredImage,
  FoundForeignImage,
  Node,
  OwnedResource,
  Owner,
  Provider,
  ResourceSpec,
} from '../provider.ts';

/** kind's own program. */
export interface KindProgram {
  /** The version that would be used; nothing is made for the answer. */
  version(options: CallOptions): Promise<string>;
  /** The program's path; it is built where there is none yet. */
  ensure(options: CreateOptions): Promise<string>;
}

/** What the provider needs beside a way to run programs. */
export interface KindSurroundings {
  readonly kind: KindProgram;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A run's folder on this host. */
  directoryOf(runId: string): string;
}

/** Nodes as privileged containers of Docker or Podman, made and bootstrapped by kind. */
export class KindProvider implements Provider {
  readonly name = 'kind';
  readonly capabilities = CAPABILITIES.kind;
  readonly #runner: CommandRunner;
  readonly #surroundings: KindSurroundings;
  readonly #forwardRules: ForwardRules;
  readonly #egressBlocks: EgressBlocks;
  readonly #client: ContainerClient;

  constructor(runner: CommandRunner, surroundings: KindSurroundings) {
    this.#runner = runner;
    this.#surroundings = surroundings;
    this.#client = new ContainerClient(runner, chooseContainerProgram(surroundings.env));
    this.#forwardRules = new ForwardRules(runner, this.name);
    this.#egressBlocks = new EgressBlocks(runner);
  }

  async info(options: CallOptions): Promise<EngineInfo> {
    const client = this.#client;
    const engine = await askEngine(client, options);
    await requireUsableEngine(client.program, engine);
    const version = await this.#surroundings.kind.version(options);
    const { storageDriver } = engine;
    return { version, engine: `${client.program} ${engine.version}`, storageDriver };
  }

  async usedRanges(options: CallOptions): Promise<string[]> {
    const client = this.#client;
    const { stdout } = await client.run(['network', 'ls', '--quiet'], options);
    const ids = stdout.split('\n').filter((id) => id !== '');
    const networks = networkObjects.parse(await client.inspect('network', ids, options));
    return networks.flatMap(({ subnets }) => subnets);
  }

  async poolFreeBytes(options: CallOptions): Promise<number | null> {
    return freeBytes((await askEngine(this.#client, options)).directory);
  }

  async ensureImage(
    image: NodeImage,
    options: CallOptions & { onProgress(text: string): void },
  ): Promise<EnsuredImage> {
    const client = this.#client;
    if (image.format !== 'kind') throw new Error(`kind makes no nodes of a ${image.format}`);
    await this.#surroundings.kind.ensure(options);
    const name = await ensureContainerImage(client, image, options);
    const { storageDriver } = await askEngine(client, options);
    return { name, unpacked: true, storageDriver };
  }

  async ensureForeignImage(
    image: ForeignImageName,
    options: CallOptions & { onProgress(text: string): void },
  ): Promise<EnsuredImage & { found: FoundForeignImage }> {
    const client = this.#client;
    await this.#surroundings.kind.ensure(options);
    const found = await ensurePublishedImage(client, image, options);
    const { storageDriver } = await askEngine(client, options);
    return { name: found.reference, unpacked: true, storageDriver, found };
  }

  unpackImage(): Promise<void> {
    return Promise.reject(new Error('an image in a container engine is unpacked already'));
  }

  startBuilder(): Promise<void> {
    return Promise.reject(new Error('kind lends no machine to build in'));
  }

  async create(spec: ResourceSpec, owner: Owner, options: CreateOptions): Promise<void> {
    switch (spec.kind) {
      case 'forward-rule':
        return wholeRequest(options, (call) => this.#forwardRules.create(spec, owner.runId, call));
      case 'egress-block':
        return wholeRequest(options, (call) => this.#egressBlocks.create(spec, owner.runId, call));
      case 'network':
        return createNetwork(this.#client, spec, owner, options);
      case 'cluster': {
        const client = this.#client;
        const kind = await this.#surroundings.kind.ensure(options);
        const directory = join(this.#surroundings.directoryOf(owner.runId), 'kind');
        return createCluster({ runner: this.#runner, client, kind, directory }, spec, owner, options);
      }
      default:
        throw new Error(`kind makes no ${spec.kind}`);
    }
  }

  async kubeconfig(cluster: string, options: CallOptions): Promise<string> {
    const { program } = this.#client;
    const kind = await this.#surroundings.kind.ensure(options);
    const env = kindEnvironment(program, cluster);
    const { stdout } = await this.#runner.run(kind, ['get', 'kubeconfig', '--name', cluster], {
      ...options,
      env,
    });
    return stdout;
  }

  async start(instance: string, options: CallOptions): Promise<void> {
    await this.#client.run(['container', 'start', instance], options);
  }

  node(instance: string): Node {
    return new KindNode(instance, this.#runner, this.#client.program);
  }

  shellCommand(instance: string): readonly string[] {
    return [this.#client.program, ...execArguments(instance, ['bash', '-l'], ['--interactive', '--tty'])];
  }

  async remove(ref: ResourceRef, runId: string, options: CallOptions): Promise<void> {
    if (ref.kind === 'forward-rule') return this.#forwardRules.remove(ref.name, runId, options);
    if (ref.kind === 'egress-block') return this.#egressBlocks.remove(runId, options);
    const owned = await this.#listInEngine(options);
    const isOurs = owned.some(
      ({ kind, name, runId: owner }) => kind === ref.kind && name === ref.name && owner === runId,
    );
    if (!isOurs) return;
    const client = this.#client;
    const commands: Readonly<Record<string, readonly string[]>> = {
      instance: ['container', 'rm', '--force', '--volumes', ref.name],
      network: ['network', 'rm', ref.name],
      lease: ['volume', 'rm', ref.name],
    };
    const command = commands[ref.kind];
    if (command === undefined) throw new Error(`kind has no objects of kind ${ref.kind}`);
    await client.remove(command, options);
  }

  /** Labels of networks and containers can't be written again: a volume with labels of its own says from now on whose the run is. */
  async relabel(_ref: ResourceRef, owner: Owner, options: CallOptions): Promise<void> {
    const owned = (await this.#listInEngine(options)).filter(({ runId }) => runId === owner.runId);
    const network = owned.find(({ kind }) => kind === 'network');
    if (network === undefined) return;
    const isSaid = owned.some(
      ({ kind, lease }) =>
        kind === 'lease' && lease !== null && encodeLease(lease) === encodeLease(owner.lease),
    );
    if (isSaid) return;
    const client = this.#client;
    await client.remove(['volume', 'rm', network.name], options);
    await client.run(leaseArguments(network.name, owner), options);
  }

  settle(names: readonly string[], options: CallOptions): Promise<void> {
    return settleNames(this.#client, names, options);
  }

  async listOwned(options: CallOptions): Promise<OwnedResource[]> {
    // First of all: what belongs to the host is there only while the network is, which holds the lease.
    const onHost = await Promise.all([
      this.#forwardRules.listOwned(options),
      this.#egressBlocks.listOwned(options),
    ]);
    return [...(await this.#listInEngine(options)), ...onHost.flat()];
  }

  async #listInEngine(options: CallOptions): Promise<OwnedResource[]> {
    const client = this.#client;
    const [networks, volumes, nodes] = await Promise.all([
      client.labelled('network', RUN_LABEL, options).then((found) => networkObjects.parse(found)),
      client.labelled('volume', RUN_LABEL, options).then((found) => volumeObjects.parse(found)),
      listClusterNodes(client, options),
    ]);
    const written = new Map<string, Lease | null>();
    const note = (labels: Readonly<Record<string, string>>): void =>
      void written.set(labels[RUN_LABEL] ?? '', decodeLease(labels[LEASE_LABEL] ?? ''));
    for (const { labels } of networks) note(labels);
    // What was written later counts.
    for (const { Labels } of volumes) note(Labels ?? {});
    const resource = (
      kind: OwnedResource['kind'],
      name: string,
      runId: string,
      createdAt: string | null,
    ): OwnedResource => ({ kind, name, runId, lease: written.get(runId) ?? null, createdAt });
    return [
      ...nodes.map(({ name, runId, created }) => resource('instance', name, runId, created)),
      ...networks.map(({ name, labels, created }) =>
        resource('network', name, labels[RUN_LABEL] ?? '', created),
      ),
      ...volumes.map(({ Name, Labels, CreatedAt }) =>
        resource('lease', Name, Labels?.[RUN_LABEL] ?? '', CreatedAt),
      ),
    ];
  }

  async listCached(options: CallOptions): Promise<CachedResource[]> {
    return listCachedImages(this.#client, options);
  }

  async removeCached(resource: CachedResource, options: CallOptions): Promise<void> {
    await this.#client.remove(['image', 'rm', resource.name], options);
  }

  commandsFor(spec: ResourceSpec, owner: Owner): readonly (readonly string[])[] {
    switch (spec.kind) {
      case 'forward-rule':
        return this.#forwardRules.commandsFor(spec, owner.runId);
      case 'egress-block':
        return this.#egressBlocks.commandsFor(spec, owner.runId);
      case 'network':
        return [[this.#client.program, ...networkArguments(spec, owner)]];
      case 'cluster':
        return [['kind', ...createArguments(spec, '<a file of the run>')]];
      default:
        throw new Error(`kind makes no ${spec.kind}`);
    }
  }

  startCommand(instance: string): readonly string[] {
    return [this.#client.program, 'container', 'start', instance];
  }

  execCommand(instance: string, file: string, args: readonly string[], input = false): readonly string[] {
    return [
      this.#client.program,
      ...execArguments(instance, [file, ...args], input ? ['--interactive'] : []),
    ];
  }
}
