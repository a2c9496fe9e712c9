import { familyOf } from '../kubernetes/cluster-conditions.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';
import type { IPFamily } from '../scenario/scenario.ts';

/** Exactly one of a family: what Kubernetes promises of node addresses and pod ranges. */
function exactlyOne(found: readonly string[], family: IPFamily, what: string, node: string): Observation {
  const ofFamily = found.filter((candidate) => familyOf(candidate) === family);
  const evidence = { node, found: [...found] };
  return ofFamily.length === 1
    ? { ok: true, reason: null, evidence }
    : { ok: false, reason: `${node} has ${ofFamily.length} ${family} ${what}, not 1`, evidence };
}

/** One InternalIP of the family. */
export async function checkNodeInternalIP(
  check: Extract<PlannedCheck, { type: 'node-internal-ip' }>,
  context: CheckContext,
): Promise<Observation> {
  const node = await context.cluster.core.readNode({ name: check.node });
  const addresses = (node.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
  return exactlyOne(
    addresses.map(({ address }) => address),
    check.family,
    'InternalIP',
    check.node,
  );
}

/** One pod range of the family. */
export async function checkNodePodCIDR(
  check: Extract<PlannedCheck, { type: 'node-pod-cidr' }>,
  context: CheckContext,
): Promise<Observation> {
  const node = await context.cluster.core.readNode({ name: check.node });
  return exactlyOne(node.spec?.podCIDRs ?? [], check.family, 'podCIDR', check.node);
}
