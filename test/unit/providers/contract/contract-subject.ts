import type {
  HostResourceSpec,
  Provider,
  ResourceKind,
  ResourceSpec,
} from '../../../../src/providers/provider.ts';

/** What an engine is asked to create; what a run changes on the host has tests of its own. */
export type CreatedSpec = Exclude<ResourceSpec, HostResourceSpec>;

/** An object as an engine lists it. */
export interface ListedObject {
  readonly kind: ResourceKind;
  readonly name: string;
}

/** Something that tests need of an engine, or why this one does not offer it. Such a test is told as skipped, with the reason. */
export type Ability<T> = T | { readonly cannot: string };

/** What an object's labels say, as text: what others wrote there need not be anything of ours. */
export interface LabelTexts {
  readonly run: string;
  readonly lease: string;
}

/** An engine to be tested, and what the tests need to do behind the provider's back. */
export interface ContractSubject {
  readonly provider: Provider;
  /** What a run of so many nodes creates, in the order of creation, which is the order in which objects rest on each other. */
  specs(runId: string, nodes: number): readonly CreatedSpec[];
  /** What the engine lists of what it was asked to create, such as a cluster's nodes; where it is left out, the same object. */
  readonly listed?: (spec: CreatedSpec) => readonly ListedObject[];
  /** The same object in a form that the engine refuses; null where it has no such form. */
  unfounded(spec: CreatedSpec): CreatedSpec | null;
  /** Makes an object that is not ours: without labels (null), or with those of somebody else. The parts that it uses are there. */
  addForeign(spec: CreatedSpec, labels: LabelTexts | null): Promise<void>;
  /** What somebody else does to an object of his own; what is not there is fine. */
  removeForeign(kind: ResourceKind, name: string): Promise<void>;
  /** Everything that the engine says of an object; null when it is not there. */
  inspect(kind: ResourceKind, name: string): Promise<unknown>;
  /** Does the work and aborts it at some moment before its end. Variants count from 0; each is another moment. */
  abortWithin(
    call: 'create' | 'remove',
    variant: number,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<void>;
  readonly abortVariants: number;
  /** How many characters the engine lets a name have. */
  readonly nameLimits: readonly { readonly kind: CreatedSpec['kind']; readonly longest: number }[];
  /** Ends the engine and starts it again; done when it answers. */
  readonly restart: Ability<() => Promise<void>>;
  /** Leaves the next node no room on the disk. @returns what makes room again. */
  readonly fillDisk: Ability<() => Promise<() => Promise<void>>>;
}

/** Why a subject does not offer something; null where it does. */
export function whyNot(ability: Ability<unknown>): string | null {
  return typeof ability === 'object' && ability !== null && 'cannot' in ability
    ? String(ability.cannot)
    : null;
}
