import { familyOf } from '../kubernetes/cluster-conditions.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';

/** Every pod of a selector has one podIP of the family. */
export async function checkPodIP(
  check: Extract<PlannedCheck, { type: 'pod-ip' }>,
  context: CheckContext,
): Promise<Observation> {
  const { namespace, labelSelector, family } = check;
  const pods = (await context.cluster.core.listNamespacedPod({ namespace, labelSelector })).items;
  const found = pods.map((pod) => ({
    pod: pod.metadata?.name ?? '',
    podIPs: pod.status?.podIPs?.map(({ ip }) => ip) ?? [],
  }));
  const evidence = { pods: found };
  if (found.length === 0) return { ok: false, reason: `no pod matches ${labelSelector}`, evidence };
  const wrong = found.find(({ podIPs }) => podIPs.filter((ip) => familyOf(ip) === family).length !== 1);
  if (wrong === undefined) return { ok: true, reason: null, evidence };
  const seen = wrong.podIPs.join(', ') || 'none';
  return { ok: false, reason: `pod ${wrong.pod} has not one ${family} podIP; its podIPs: ${seen}`, evidence };
}
