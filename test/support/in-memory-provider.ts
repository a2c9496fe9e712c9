import { CAPABILITIES, type Capabilities } from '../../src/scenario/provider-capabilities.ts';
import type { ProviderName } from '../../src/scenario/scenario.ts';
import { ArmedFaults, type ProviderCall } from './armed-faults.ts';
import { InMemoryNode, type Program } from './in-memory-node.ts';
import { FailureError } from '../../src/run/failure.ts';
import { CommandError } from '../../src/process/command-runner.ts';
import type { ForeignImageName } from '../../src/scenario/foreign-image-name.ts';
import type { NodeImage } from '../../src/images/node-image.ts';
import type { ResourceRef } from '../../src/run/event.ts';
import type { Lease } from '../../src/run/lease.ts';
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
  ResourceKind,
  ResourceSpec,
} from '../../src/providers/provider.ts';

/** What the engine holds; `owner` is null for an object that carries no label. */
export interface StoredObject {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly spec: ResourceSpec | null;
  readonly runId: string | null;
  readonly lease: Lease | null;
}

/** Something that the engine is still doing, whoever asked for it and whether or not he still waits. */
interface Operation {
  readonly name: string;
  finish(): void;
}

/** Longest names, as an engine of Linux bridges and host names has them. */
const NAME_LIMITS: Readonly<Record<ResourceKind, number>> = {
  network: 15,
  instance: 63,
  profile: 63,
  'network-acl': 63,
  'forward-rule': 63,
  'egress-block': 63,
  cluster: 15,
  lease: 63,
};

/** What LXD says when an image does not fit into the pool. */
const NO_SPACE =
  'Error: Failed creating instance from image: Failed to unpack image: write /var/lib/lxd/storage-pools/p/x: no space left on device';

const keyOf = ({ kind, name }: ResourceRef): string => `${kind}/${name}`;

/** An engine in memory: objects that use each other, operations that outlive their caller, and faults on demand. */
export class InMemoryProvider implements Provider {
  readonly name: ProviderName;
  readonly capabilities: Capabilities;
  /** Every call in the order of arrival: `create network/ts-a1b2c3`. */
  readonly log: string[] = [];
  readonly faults = new ArmedFaults();
  readonly #objects = new Map<string, StoredObject>();
  readonly #operations = new Set<Operation>();
  readonly #started = new Set<string>();
  readonly #program: Program;
  readonly #mostAtOnce = new Map<ProviderCall, number>();
  #atOnce = 0;
  #boots = 0;
  #diskIsFull = false;

  /**
   * @param program what programs do in every node; the default knows none.
   * @param name whose capabilities it has: `kind` makes clusters, the others machines.
   */
  constructor(
    program: Program = () => Promise.resolve({ exitCode: 127, stderr: 'not found' }),
    name: ProviderName = 'lxd',
  ) {
    this.name = name;
    this.capabilities = CAPABILITIES[name];
    this.#program = program;
  }

  /** An object that is not ours: without a label, or with another run's. */
  addForeign(
    kind: ResourceKind,
    name: string,
    runId: string | null = null,
    lease: Lease | null = null,
  ): void {
    this.#objects.set(keyOf({ kind, name }), { kind, name, spec: null, runId, lease });
  }

  /** What somebody else does to an object of his own. */
  removeForeign(kind: ResourceKind, name: string): void {
    this.#objects.delete(keyOf({ kind, name }));
  }

  find(kind: string, name: string): StoredObject | null {
    return this.#objects.get(keyOf({ kind, name })) ?? null;
  }

  /** The engine ends and is there again: whoever waits for an answer gets none, though the work may be done, and no node runs. */
  restart(): void {
    this.#boots += 1;
    this.#operations.clear();
    this.#started.clear();
  }

  /** From now on there is room for no node. @returns what makes room. */
  fillDisk(): () => void {
    this.#diskIsFull = true;
    return () => (this.#diskIsFull = false);
  }

  /** How many calls were under way when one of these was made, at most. */
  mostAtOnce(call: ProviderCall): number {
    return this.#mostAtOnce.get(call) ?? 0;
  }

  isStarted(instance: string): boolean {
    return this.#started.has(instance);
  }

  kubeconfig(cluster: string, options: CallOptions): Promise<string> {
    return this.#call('kubeconfig', cluster, options, () => '');
  }

  info(options: CallOptions): Promise<EngineInfo> {
    return this.#call('info', '', options, () => ({
      version: '0.0.0',
      engine: 'memory 0.0.0',
      storageDriver: 'memory',
    }));
  }

  usedRanges(options: CallOptions): Promise<string[]> {
    return this.#call('usedRanges', '', options, () =>
      [...this.#objects.values()].flatMap(({ spec }) =>
        spec?.kind === 'network' ? spec.ranges.map(({ cidr }) => cidr) : [],
      ),
    );
  }

  poolFreeBytes(options: CallOptions): Promise<number | null> {
    return this.#call('poolFreeBytes', '', options, () => null);
  }

  ensureImage(
    image: NodeImage,
    options: CallOptions,
  ): Promise<{ name: string; unpacked: boolean; storageDriver: string }> {
    return this.#call('ensureImage', image.key, options, () => ({
      name: image.key,
      unpacked: true,
      storageDriver: 'memory',
    }));
  }

  ensureForeignImage(
    { remote, alias }: ForeignImageName,
    options: CallOptions,
  ): Promise<EnsuredImage & { found: FoundForeignImage }> {
    return this.#call('ensureForeignImage', `${remote}:${alias}`, options, () => ({
      name: 'f0'.repeat(32),
      unpacked: true,
      storageDriver: 'memory',
      found: { remote, alias, fingerprint: 'f0'.repeat(32), server: 'https://images.example.test' },
    }));
  }

  startBuilder(spec: BuilderSpec, owner: Owner, options: CallOptions): Promise<void> {
    return this.#call('startBuilder', spec.name, options, () => {
      const object = { kind: 'instance', name: spec.name, spec: null, ...owner } as const;
      this.#objects.set(keyOf(object), object);
      this.#started.add(spec.name);
    });
  }

  unpackImage(image: string, _instance: string, _owner: Owner, options: CallOptions): Promise<void> {
    return this.#call('unpackImage', image, options, () => undefined);
  }

  create(spec: ResourceSpec, owner: Owner, options: CallOptions): Promise<void> {
    return this.#call('create', keyOf(spec), options, () => {
      const objects = objectsOf(spec);
      const there = objects.flatMap(({ kind, name }) => this.find(kind, name) ?? []);
      if (there.some(({ runId }) => runId !== owner.runId)) throw taken(spec, owner);
      if (there.length === objects.length) return;
      if (spec.name.length > NAME_LIMITS[spec.kind]) throw refused(`name ${spec.name} is too long`);
      for (const used of usesOf(spec)) {
        if (this.find(used.kind, used.name) === null) throw refused(`${keyOf(used)} not found`);
      }
      if (this.#diskIsFull && ['instance', 'cluster'].includes(spec.kind)) throw refused(NO_SPACE);
      for (const object of objects) {
        this.#objects.set(keyOf(object), { ...object, spec, runId: owner.runId, lease: owner.lease });
        if (spec.kind === 'cluster') this.#started.add(object.name);
      }
    });
  }

  start(instance: string, options: CallOptions): Promise<void> {
    return this.#call('start', instance, options, () => {
      if (this.find('instance', instance) === null) throw refused(`instance/${instance} not found`);
      this.#started.add(instance);
    });
  }

  node(instance: string): Node {
    return new InMemoryNode(instance, this.#program, (what, options) =>
      this.#call(what, instance, options, () => undefined),
    );
  }

  shellCommand(instance: string): readonly string[] {
    return ['shell', instance];
  }

  remove(ref: ResourceRef, runId: string, options: CallOptions): Promise<void> {
    return this.#call('remove', keyOf(ref), options, () => {
      if (this.#objects.get(keyOf(ref))?.runId !== runId) return;
      const user = [...this.#objects.values()].find(({ spec }) =>
        spec === null ? false : usesOf(spec).some((used) => keyOf(used) === keyOf(ref)),
      );
      if (user !== undefined) throw refused(`${keyOf(ref)} is in use by ${keyOf(user)}`);
      this.#objects.delete(keyOf(ref));
      this.#started.delete(ref.name);
    });
  }

  relabel(ref: ResourceRef, owner: Owner, options: CallOptions): Promise<void> {
    return this.#call('relabel', keyOf(ref), options, () => {
      const there = this.#objects.get(keyOf(ref));
      if (there?.runId === owner.runId) this.#objects.set(keyOf(ref), { ...there, lease: owner.lease });
    });
  }

  settle(names: readonly string[], options: CallOptions): Promise<void> {
    return this.#call('settle', names.join(' '), options, () => {
      for (const operation of [...this.#operations]) {
        if (names.includes(operation.name)) this.#finish(operation);
      }
    });
  }

  listOwned(options: CallOptions): Promise<OwnedResource[]> {
    return this.#call('listOwned', '', options, () =>
      [...this.#objects.values()].flatMap(({ kind, name, runId, lease }) =>
        runId === null ? [] : [{ kind, name, runId, lease, createdAt: null }],
      ),
    );
  }

  listCached(options: CallOptions): Promise<CachedResource[]> {
    return this.#call('listCached', '', options, () => []);
  }

  removeCached(resource: CachedResource, options: CallOptions): Promise<void> {
    return this.#call('removeCached', resource.name, options, () => undefined);
  }

  commandsFor(spec: ResourceSpec): readonly (readonly string[])[] {
    return [['create', spec.kind, spec.name]];
  }

  startCommand(instance: string): readonly string[] {
    return ['start', instance];
  }

  execCommand(instance: string, file: string, args: readonly string[]): readonly string[] {
    return ['exec', instance, file, ...args];
  }

  #finish(operation: Operation): void {
    this.#operations.delete(operation);
    operation.finish();
  }

  /** Does the work of a call, or what a fault makes of it. Like a real engine it answers later, never at once. */
  async #call<T>(call: ProviderCall, what: string, options: CallOptions, work: () => T): Promise<T> {
    this.log.push(`${call} ${what}`.trim());
    options.signal.throwIfAborted();
    const fault = this.faults.take(call);
    const boot = this.#boots;
    this.#atOnce += 1;
    this.#mostAtOnce.set(call, Math.max(this.mostAtOnce(call), this.#atOnce));
    await new Promise((resolve) => setImmediate(resolve));
    this.#atOnce -= 1;
    if (boot !== this.#boots) {
      inBackground(work);
      throw refused('Error: unexpected EOF');
    }
    switch (fault?.effect) {
      case undefined:
        options.signal.throwIfAborted();
        return work();
      case 'fail':
        throw fault.error;
      case 'hang':
        return untilEnded(call, options);
      case 'land-late': {
        const name = what.split('/').at(-1) ?? '';
        this.#operations.add({ name, finish: () => inBackground(work) });
        return untilEnded(call, options);
      }
    }
  }
}

/** The caller is gone: an operation that fails now tells nobody. */
function inBackground(work: () => unknown): void {
  try {
    work();
  } catch {
    return;
  }
}

/** Never answers: rejects when aborted, or at the call's deadline. */
async function untilEnded(call: string, { signal, timeoutMs }: CallOptions): Promise<never> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([signal, deadline]);
  // AbortSignal.timeout does not keep the process alive, and in a test nothing else may.
  const alive = setInterval(() => undefined, 1000);
  try {
    await new Promise((resolve) => {
      if (ended.aborted) resolve(null);
      ended.addEventListener('abort', resolve, { once: true });
    });
  } finally {
    clearInterval(alive);
  }
  signal.throwIfAborted();
  const message = `${call} did not end within ${timeoutMs / 1000} s`;
  throw new CommandError(message, { kind: 'timeout', command: [call] });
}

/** What is there once this was created: of a cluster its nodes, which are started. */
function objectsOf(spec: ResourceSpec): { kind: ResourceKind; name: string }[] {
  if (spec.kind !== 'cluster') return [{ kind: spec.kind, name: spec.name }];
  return spec.nodes.map(({ name }) => ({ kind: 'instance', name }));
}

function usesOf(spec: ResourceSpec): { kind: ResourceKind; name: string }[] {
  switch (spec.kind) {
    case 'network-acl':
    case 'egress-block':
      return [];
    case 'cluster':
      return [{ kind: 'network', name: spec.network }];
    case 'forward-rule':
      return [{ kind: 'network', name: spec.bridge }];
    case 'network':
      return spec.acl === null ? [] : [{ kind: 'network-acl', name: spec.acl }];
    case 'profile':
      return [{ kind: 'network', name: spec.network }];
    case 'instance':
      return [{ kind: 'profile', name: spec.profile }];
  }
}

function refused(stderr: string): CommandError {
  return new CommandError(stderr, { kind: 'exit', command: ['engine'], exitCode: 1, stderr });
}

function taken(spec: ResourceSpec, owner: Owner): FailureError {
  const message = `${spec.kind} ${spec.name} exists and does not belong to run ${owner.runId}`;
  return new FailureError({ class: 'infrastructure', step: 'launch', message, hint: null });
}
