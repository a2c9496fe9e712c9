import { lookForReadyPods } from '../kubernetes/cluster-conditions.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';

/** Every pod of every namespace is Ready. */
export async function checkPodsReady(
  _check: Extract<PlannedCheck, { type: 'pods-ready' }>,
  context: CheckContext,
): Promise<Observation> {
  const { items } = await context.cluster.core.listPodForAllNamespaces();
  const seen = lookForReadyPods(items);
  return seen.met
    ? { ok: true, reason: null, evidence: { pods: seen.value } }
    : { ok: false, reason: seen.missing, evidence: { pods: items.length } };
}
