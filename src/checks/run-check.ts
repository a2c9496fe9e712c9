import { checkEgressBlocked } from './egress-blocked.ts';
import { checkEndpointSlice } from './endpoint-slice.ts';
import { checkNodeInternalIP, checkNodePodCIDR } from './node-addresses.ts';
import { checkPodIP } from './pod-ip.ts';
import { checkPodsReady } from './pods-ready.ts';
import { checkServiceHttp } from './service-http.ts';
import { checkServicePort } from './service-port.ts';
import { apiErrorText } from '../kubernetes/cluster-client.ts';
import { waitUntil, WaitTimeoutError } from '../run/wait-until.ts';
import type { CheckResult } from './check.ts';
import type { OwnTestCheck, PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';

const RETRY_MS = 100;

/** A check that looks at the cluster, again until it is as it must be. */
export type ClusterCheck = Exclude<PlannedCheck, OwnTestCheck>;

function observe(check: ClusterCheck, context: CheckContext): Promise<Observation> {
  switch (check.type) {
    case 'service-http':
      return checkServiceHttp(check, context);
    case 'service-port':
      return checkServicePort(check, context);
    case 'node-internal-ip':
      return checkNodeInternalIP(check, context);
    case 'node-pod-cidr':
      return checkNodePodCIDR(check, context);
    case 'pod-ip':
      return checkPodIP(check, context);
    case 'endpoint-slice':
      return checkEndpointSlice(check, context);
    case 'pods-ready':
      return checkPodsReady(check, context);
    case 'egress-blocked':
      return checkEgressBlocked(check, context);
  }
}

/**
 * Attempts a check until it passes or its own deadline is over; then it failed, with what the last attempt saw. Only an abort of
 * the run rejects.
 */
export async function runCheck(check: ClusterCheck, context: CheckContext): Promise<CheckResult> {
  const started = performance.now();
  let attempts = 0;
  let last: Observation = { ok: false, reason: 'no attempt came to an end', evidence: null };
  try {
    await waitUntil(
      async (attempt, signal) => {
        attempts = attempt;
        last = await observe(check, { ...context, signal }).catch((error: unknown): Observation => {
          context.signal.throwIfAborted();
          // Cut short by the check's deadline: what the attempts before it saw says more.
          if (signal.aborted) return last;
          return { ok: false, reason: apiErrorText(error), evidence: last.evidence };
        });
        return last.ok
          ? { met: true, value: null }
          : { met: false, missing: last.reason ?? 'no reason was given' };
      },
      {
        condition: `check ${check.id} passes`,
        timeoutMs: check.timeoutMs,
        intervalMs: RETRY_MS,
        signal: context.signal,
      },
    );
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
  }
  return {
    id: check.id,
    outcome: last.ok ? 'passed' : 'failed',
    reason: last.ok ? null : last.reason,
    durationMs: Math.round(performance.now() - started),
    attempts,
    evidence: last.evidence,
  };
}
