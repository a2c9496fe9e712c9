import { lookForReadyEndpoints } from '../kubernetes/cluster-conditions.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';

/** The Service has an EndpointSlice of the family with a ready endpoint in it. */
export async function checkEndpointSlice(
  check: Extract<PlannedCheck, { type: 'endpoint-slice' }>,
  context: CheckContext,
): Promise<Observation> {
  const { namespace, service, family } = check;
  const labelSelector = `kubernetes.io/service-name=${service}`;
  const slices = await context.cluster.discovery.listNamespacedEndpointSlice({ namespace, labelSelector });
  const evidence = { addressTypes: slices.items.map((slice) => slice.addressType) };
  const seen = lookForReadyEndpoints(slices.items, [family]);
  if (!seen.met) return { ok: false, reason: seen.missing, evidence };
  return { ok: true, reason: null, evidence: { ...evidence, addresses: seen.value.get(family) ?? [] } };
}
