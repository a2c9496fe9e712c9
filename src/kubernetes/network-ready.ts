import type { V1DaemonSet, V1Pod } from '@kubernetes/client-node';
import { lookForReadyDaemonSet, podState } from './workload-ready.ts';
import { WaitTimeoutError } from '../run/wait-until.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { WorkloadRef } from '../plan/plan.ts';

/** Pods and DaemonSets of a network plugin that are not ready, each with its reason; also what is not there at all. */
export function unreadyParts(
  workloads: readonly WorkloadRef[],
  daemonSets: readonly V1DaemonSet[],
  pods: readonly V1Pod[],
): string[] {
  return workloads.flatMap(({ kind, namespace, name }) => {
    const isOurs = ({ metadata }: V1DaemonSet | V1Pod): boolean => metadata?.namespace === namespace;
    const own = pods.filter((pod) => isOurs(pod) && pod.metadata?.name?.startsWith(`${name}-`) === true);
    const unready = own
      .filter(
        (pod) => !pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      )
      .map((pod) => `pod ${namespace}/${pod.metadata?.name}: ${podState(pod)}`);
    const of = `${kind} ${namespace}/${name}`;
    if (kind === 'Deployment') return unready.length > 0 ? [`${of} is not ready`, ...unready] : [];
    const set = daemonSets.find((candidate) => isOurs(candidate) && candidate.metadata?.name === name);
    if (set === undefined) return [`${of} is not there`];
    if ((set.status?.desiredNumberScheduled ?? 0) === 0) return [`${of} wants no pod on any node`];
    const look = lookForReadyDaemonSet(set);
    return look.met ? [] : [`${of}: ${look.missing}`, ...unready];
  });
}

/** Waits as told, and says at a missed deadline which parts of the network plugin are not ready. */
export async function namingNetwork(
  cluster: ClusterClient,
  workloads: readonly WorkloadRef[],
  wait: () => Promise<unknown>,
): Promise<void> {
  const started = performance.now();
  try {
    await wait();
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    const nothing = () => ({ items: [] });
    const sets = await cluster.apps.listDaemonSetForAllNamespaces().catch(nothing);
    const pods = await cluster.core.listPodForAllNamespaces().catch(nothing);
    const parts = unreadyParts(workloads, sets.items, pods.items);
    const why =
      parts.length > 0 ? parts : ['its own parts are ready: does it write a file to /etc/cni/net.d?'];
    throw new WaitTimeoutError(
      error.condition,
      [error.lastSeen, ...why].join('; '),
      Math.round(performance.now() - started),
    );
  }
}
