import type { ClusterClient } from '../kubernetes/cluster-client.ts';
import type { CommandRunner } from '../process/command-runner.ts';

/** What checks look at. */
export interface CheckContext {
  readonly cluster: ClusterClient;
  /** Runs programs on a node, by the node's name. */
  node(name: string): CommandRunner;
  readonly signal: AbortSignal;
}

/** What one attempt saw: whether it is as it must be, and if not, why. */
export interface Observation {
  readonly ok: boolean;
  /** Null when ok. */
  readonly reason: string | null;
  readonly evidence: Readonly<Record<string, unknown>> | null;
}
