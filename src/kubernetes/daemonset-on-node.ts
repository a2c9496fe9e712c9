import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { watchUntil } from './watch-list.ts';
import { WaitTimeoutError, type Look } from '../run/wait-until.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { ClusterCondition } from '../plan/plan.ts';
import type { CallOptions } from '../providers/provider.ts';

type Condition = Extract<ClusterCondition, { type: 'daemonset-on-node' }>;

/** After the first failure a kubelet starts a container again at once, and ten seconds after the second. */
const RESTARTS_THAT_SUFFICE = 2;
/** Nothing that happens by itself makes a node have an image that may not be pulled, or a name one that it can be. */
const LASTING_REASONS = ['ErrImageNeverPull', 'InvalidImageName'];
const SHOWN_LINES = 5;

/** What there is to see of a DaemonSet's pod on a node; `hopeless` when waiting longer would change nothing. */
export interface DaemonPodLook {
  readonly look: Look<null>;
  readonly hopeless: boolean;
  readonly pod: V1Pod | null;
}

function describeContainer({ name, state, lastState, restartCount }: V1ContainerStatus): string {
  const { waiting } = state ?? {};
  const ended = state?.terminated ?? lastState?.terminated;
  const reason = waiting?.reason ?? (state?.running === undefined ? 'not started' : 'running, and not ready');
  const message = waiting?.message === undefined || ended !== undefined ? '' : ` (${waiting.message})`;
  // One that runs again has ended as often as it was started anew.
  const times = restartCount + (state?.running === undefined ? 1 : 0);
  const status = ended === undefined ? '' : `, ended ${times} times, last with status ${ended.exitCode}`;
  return `container ${name} is ${reason}${message}${status}`;
}

/** Whether the pod that a DaemonSet has on a node is ready. */
export function lookForDaemonPod(pods: readonly V1Pod[], { name, node }: Condition): DaemonPodLook {
  const pod = pods.find(
    ({ metadata, spec }) =>
      spec?.nodeName === node &&
      metadata?.deletionTimestamp === undefined &&
      metadata?.ownerReferences?.some((owner) => owner.kind === 'DaemonSet' && owner.name === name),
  );
  if (pod === undefined) {
    return { look: { met: false, missing: `it has no pod there` }, hopeless: false, pod: null };
  }
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  if (ready === true) return { look: { met: true, value: null }, hopeless: false, pod };
  const containers = pod.status?.containerStatuses ?? [];
  const unready = containers.filter((container) => !container.ready).map(describeContainer);
  const state = unready.length === 0 ? [`it is ${pod.status?.phase ?? 'unknown'}`] : unready;
  const hopeless = containers.some(({ state, restartCount }) => {
    const reason = state?.waiting?.reason ?? '';
    const isCrashing = reason === 'CrashLoopBackOff' && restartCount >= RESTARTS_THAT_SUFFICE;
    return isCrashing || LASTING_REASONS.includes(reason);
  });
  return {
    look: { met: false, missing: `pod ${pod.metadata?.name}: ${state.join('; ')}` },
    hopeless,
    pod,
  };
}

/** The last lines that a pod's containers have printed; none when nobody can tell. */
async function lastLines(cluster: ClusterClient, pod: V1Pod): Promise<string[]> {
  const { name, namespace } = pod.metadata ?? {};
  const status = pod.status?.containerStatuses?.find(({ ready }) => !ready);
  if (name === undefined || namespace === undefined || status === undefined) return [];
  const previous = status.state?.waiting !== undefined && status.lastState?.terminated !== undefined;
  const text = await cluster.core
    .readNamespacedPodLog({ name, namespace, container: status.name, tailLines: SHOWN_LINES, previous })
    .catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/**
 * Waits until a DaemonSet's pod on a node is ready.
 * @throws {WaitTimeoutError} at the deadline, or when waiting is in vain, with the pod's state and what it printed last.
 */
export async function waitForDaemonPod(
  cluster: ClusterClient,
  condition: Condition,
  options: CallOptions,
): Promise<void> {
  const { namespace, name, node } = condition;
  const told = `DaemonSet ${namespace}/${name} is ready on ${node}`;
  const started = performance.now();
  const fail = async (lastSeen: string, pod: V1Pod | null): Promise<never> => {
    const lines = pod === null ? [] : await lastLines(cluster, pod);
    const printed =
      lines.length === 0 ? '' : `; it printed:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
    throw new WaitTimeoutError(told, `${lastSeen}${printed}`, Math.round(performance.now() - started));
  };
  let seen: DaemonPodLook | null = null;
  try {
    const end = await watchUntil<V1Pod, DaemonPodLook>(
      {
        config: cluster.config,
        path: `/api/v1/namespaces/${namespace}/pods`,
        list: () => cluster.core.listNamespacedPod({ namespace }),
        condition: told,
        ...options,
      },
      (pods) => {
        seen = lookForDaemonPod(pods, condition);
        if (seen.look.met || seen.hopeless) return { met: true, value: seen };
        return seen.look;
      },
    );
    if (!end.look.met) await fail(end.look.missing, end.pod);
  } catch (error) {
    const last = seen as DaemonPodLook | null;
    if (!(error instanceof WaitTimeoutError) || last?.hopeless === true) throw error;
    await fail(error.lastSeen, last?.pod ?? null);
  }
}
