import { formatAddressForUrl } from '../network/ip-address.ts';
import { familyOf } from '../kubernetes/cluster-conditions.ts';
import { curlFrom, podAddressOf } from './curl-from.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';
import type { CommandResult } from '../process/command-runner.ts';

type ServiceHttpCheck = Extract<PlannedCheck, { type: 'service-http' }>;

/** What curl printed, taken apart; the status is null when there was no answer. */
export function readCurlOutput(result: Pick<CommandResult, 'exitCode' | 'stdout' | 'stderr'>): {
  status: number | null;
  body: string;
  error: string | null;
  clientAddress: string | null;
} {
  const end = result.stdout.lastIndexOf('\n');
  const status = Number(result.stdout.slice(end + 1));
  const body = end < 0 ? '' : result.stdout.slice(0, end).trimEnd();
  const clientAddress = /\bclient=(\S+)/.exec(body)?.[1] ?? null;
  const error =
    result.exitCode === 0 ? null : result.stderr.trim() || `curl ended with status ${result.exitCode}`;
  return { status: Number.isInteger(status) && status > 0 ? status : null, body, error, clientAddress };
}

/** Whether a Service answers on one family's ClusterIP with status 200 and the expected body, asked from a node or a pod. */
export async function checkServiceHttp(check: ServiceHttpCheck, context: CheckContext): Promise<Observation> {
  const { namespace, family, from } = check;
  const service = await context.cluster.core.readNamespacedService({ namespace, name: check.service });
  const clusterIP = service.spec?.clusterIPs?.find((address) => familyOf(address) === family);
  if (clusterIP === undefined) {
    const evidence = { clusterIPs: service.spec?.clusterIPs ?? [] };
    return { ok: false, reason: `service ${check.service} has no ${family} ClusterIP`, evidence };
  }
  const url = `http://${formatAddressForUrl(clusterIP)}/`;
  const asked = await curlFrom(from, url, undefined, context);
  if (asked === null) return { ok: false, reason: `no probe pod on ${from.node}`, evidence: { url } };
  const { result } = asked;
  const podAddress = podAddressOf(asked.podIPs, family);
  const { status, body, error, clientAddress } = readCurlOutput(result);
  const evidence = {
    url,
    status,
    body,
    clientAddress,
    from: from.node,
    ...(podAddress === null ? {} : { podAddress }),
  };
  const failed = (reason: string): Observation => ({ ok: false, reason, evidence });
  if (error !== null) return failed(error);
  if (status !== 200) return failed(`${url} answered with status ${status}, not 200`);
  if (!body.includes(check.expectBody)) return failed(`the body does not contain "${check.expectBody}"`);
  const untold = clientAddress === null && check.tellsClient === false;
  if (!untold && podAddress !== null && clientAddress !== podAddress) {
    return failed(
      `the server saw ${clientAddress} and not the pod's address ${podAddress}: NAT between pods`,
    );
  }
  return { ok: true, reason: null, evidence };
}
