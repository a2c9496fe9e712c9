import type { V1DaemonSet, V1Deployment, V1Job, V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import { WaitTimeoutError, type Look } from '../run/wait-until.ts';
import { watchUntil } from './watch-list.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { ClusterCondition } from '../plan/plan.ts';
import type { CallOptions } from '../providers/provider.ts';

type Condition = Extract<ClusterCondition, { type: 'workload-ready' }>;

const met: Look<null> = { met: true, value: null };
const missing = (text: string): Look<null> => ({ met: false, missing: text });

/** Whether the controller has seen the object as it is now: before that its numbers are those of an earlier one. */
function isSeen(object: {
  metadata?: { generation?: number };
  status?: { observedGeneration?: number };
}): boolean {
  return (object.status?.observedGeneration ?? 0) >= (object.metadata?.generation ?? 0);
}

/** As `kubectl rollout status` asks it. */
export function lookForReadyDeployment(object: V1Deployment): Look<null> {
  const wanted = object.spec?.replicas ?? 1;
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = object.status ?? {};
  const done =
    isSeen(object) && updatedReplicas >= wanted && availableReplicas >= wanted && replicas <= wanted;
  return done ? met : missing(`${availableReplicas} of ${wanted} pods are available`);
}

/** Every pod of a StatefulSet is ready and of the newest revision. */
export function lookForReadyStatefulSet(object: V1StatefulSet): Look<null> {
  const wanted = object.spec?.replicas ?? 1;
  const { readyReplicas = 0, updateRevision, currentRevision } = object.status ?? {};
  const done = isSeen(object) && readyReplicas >= wanted && updateRevision === currentRevision;
  return done ? met : missing(`${readyReplicas} of ${wanted} pods are ready`);
}

/** A pod on every node that it wants one on. Wanting none is done as well: its selector may fit no node. */
export function lookForReadyDaemonSet(object: V1DaemonSet): Look<null> {
  const { numberReady = 0, desiredNumberScheduled = 0, updatedNumberScheduled = 0 } = object.status ?? {};
  const done =
    isSeen(object) &&
    numberReady >= desiredNumberScheduled &&
    updatedNumberScheduled >= desiredNumberScheduled;
  return done ? met : missing(`${numberReady} of ${desiredNumberScheduled} pods are ready`);
}

/** A Job that failed will not complete: there is nothing to wait for. */
export function lookForCompleteJob(object: V1Job): Look<null> {
  const is = (type: string) =>
    object.status?.conditions?.find((each) => each.type === type && each.status === 'True');
  if (is('Complete') !== undefined) return met;
  const failed = is('Failed');
  if (failed !== undefined) {
    const why = failed.message ?? failed.reason ?? 'it does not say why';
    throw new WaitTimeoutError(`Job ${object.metadata?.name} is complete`, `it failed: ${why}`, 0);
  }
  return missing(`${object.status?.succeeded ?? 0} of ${object.spec?.completions ?? 1} pods have succeeded`);
}

/** A pod that is ready, or has done what it was for. */
export function lookForReadyPod(object: V1Pod): Look<null> {
  if (object.status?.phase === 'Succeeded') return met;
  const ready = object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready === true ? met : missing(podState(object));
}

/** Why a pod is not ready, in the words of its containers: `ErrImageNeverPull`, `CrashLoopBackOff`. */
export function podState({ status }: V1Pod): string {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const reasons = containers.flatMap(({ state }) => state?.waiting?.reason ?? []);
  // What an init container is kept up by is the cause of its successors' PodInitializing.
  const waiting = reasons.find((reason) => reason !== 'PodInitializing') ?? reasons[0];
  return `it is ${waiting ?? status?.phase ?? 'unknown'}`;
}

/** Waits until an object of the user's has what it wants. The message of a missed deadline names its pods' own reasons. */
export async function waitForWorkload(
  cluster: ClusterClient,
  { kind, namespace, name }: Condition,
  options: CallOptions,
): Promise<void> {
  const base = { config: cluster.config, condition: `${kind} ${name} is ready`, ...options };
  const among =
    <T extends { metadata?: { name?: string } }>(look: (object: T) => Look<null>) =>
    (objects: readonly T[]): Look<null> => {
      const object = objects.find((candidate) => candidate.metadata?.name === name);
      return object === undefined ? missing('it is not there') : look(object);
    };
  const started = performance.now();
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  try {
    switch (kind) {
      case 'Deployment': {
        const list = () => cluster.apps.listNamespacedDeployment({ namespace });
        await watchUntil({ ...base, path: `${apps}/deployments`, list }, among(lookForReadyDeployment));
        return;
      }
      case 'StatefulSet': {
        const list = () => cluster.apps.listNamespacedStatefulSet({ namespace });
        await watchUntil({ ...base, path: `${apps}/statefulsets`, list }, among(lookForReadyStatefulSet));
        return;
      }
      case 'DaemonSet': {
        const list = () => cluster.apps.listNamespacedDaemonSet({ namespace });
        await watchUntil({ ...base, path: `${apps}/daemonsets`, list }, among(lookForReadyDaemonSet));
        return;
      }
      case 'Job': {
        const list = () => cluster.batch.listNamespacedJob({ namespace });
        const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
        await watchUntil({ ...base, path, list }, among(lookForCompleteJob));
        return;
      }
      case 'Pod': {
        const list = () => cluster.core.listNamespacedPod({ namespace });
        const path = `/api/v1/namespaces/${namespace}/pods`;
        await watchUntil({ ...base, path, list }, among(lookForReadyPod));
        return;
      }
    }
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    const pods = await cluster.core.listNamespacedPod({ namespace }).catch(() => ({ items: [] }));
    const unready = pods.items
      .filter((pod) => pod.metadata?.name?.startsWith(name) === true && !lookForReadyPod(pod).met)
      .map((pod) => `pod ${pod.metadata?.name}: ${podState(pod)}`);
    const lastSeen = [error.lastSeen, ...unready].join('; ');
    // A Job that failed ends the wait before its deadline.
    throw new WaitTimeoutError(error.condition, lastSeen, Math.round(performance.now() - started));
  }
}
