import type { DocumentPath } from '../document-path.ts';
import type { Problem } from '../problem.ts';
import type { ScenarioNetwork } from '../resolve-network.ts';
import type { WrittenScenario } from '../schema.ts';

/** What a rule looks at. */
export interface RuleContext {
  readonly written: WrittenScenario;
  readonly network: ScenarioNetwork;
  /** The written name, or the one that the file's name makes. */
  readonly name: string;
  /** Control planes and workers together. */
  readonly nodeCount: number;
  /** Whether the file itself has a value at a path, rather than a default. */
  readonly isWritten: (path: DocumentPath) => boolean;
  /** Kubernetes releases that this version provisions. */
  readonly knownVersions: readonly string[];
  /** Ids that `expect: { rule: ID }` may name. */
  readonly ruleIds: readonly string[];
}

/** What a rule has found. */
export interface Finding {
  readonly path: DocumentPath;
  /** One sentence: what is wrong, what to write instead, and which program would have refused it otherwise. */
  readonly message: string;
  /** Shown at the key instead of at the value. */
  readonly atKey?: boolean;
  readonly severity?: Problem['severity'];
}

/** One thing that the shape of a file can't say. */
export interface Rule {
  /** In kebab-case; `expect: { rule: ID }` names it. */
  readonly id: string;
  /** One sentence for the reference. */
  readonly summary: string;
  /** What it looks at: where one of these is not even of the right shape, the rule is not asked. */
  readonly reads: readonly DocumentPath[];
  readonly check: (context: RuleContext) => readonly Finding[];
}

/** Whether a scenario is for Canonical Kubernetes. */
export function isK8sSnap({ written }: RuleContext): boolean {
  return written.distribution.name === 'k8s-snap';
}

/** Whether a scenario is for k0s. */
export function isK0s({ written }: RuleContext): boolean {
  return written.distribution.name === 'k0s';
}

/** Paths that most rules of addresses look at. */
export const FAMILIES: DocumentPath = ['network', 'families'];
export const PODS: DocumentPath = ['network', 'pods'];
export const SERVICES: DocumentPath = ['network', 'services'];
export const BRIDGE: DocumentPath = ['network', 'bridge'];
export const NODE_MASKS: DocumentPath = ['network', 'nodeMasks'];
export const PRIMARY_FAMILY: DocumentPath = ['network', 'primaryFamily'];
export const FEATURES: DocumentPath = ['features'];
export const NODES: DocumentPath = ['nodes'];
/** Defaults of ranges come in the order of the families, so whatever looks at ranges depends on these. */
export const RANGES: readonly DocumentPath[] = [FAMILIES, PRIMARY_FAMILY, PODS, SERVICES];
