import { formatAddressForUrl } from '../network/ip-address.ts';
import { familyOf } from '../kubernetes/cluster-conditions.ts';
import { curlFrom } from './curl-from.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';

const SERVER_ERROR = 500;

/**
 * Whether the port of a Service of the user's takes a connection over one family's ClusterIP. Curl says when a connection stood,
 * whatever is spoken over it; where the port says that it speaks HTTP, a status below 500 is asked for as well.
 */
export async function checkServicePort(
  check: Extract<PlannedCheck, { type: 'service-port' }>,
  context: CheckContext,
): Promise<Observation> {
  const { namespace, family, from, port, http } = check;
  const service = await context.cluster.core.readNamespacedService({ namespace, name: check.service });
  const clusterIP = service.spec?.clusterIPs?.find((address) => familyOf(address) === family);
  if (clusterIP === undefined) {
    const evidence = { clusterIPs: service.spec?.clusterIPs ?? [] };
    return { ok: false, reason: `service ${check.service} has no ${family} ClusterIP`, evidence };
  }
  const url = `http://${formatAddressForUrl(clusterIP)}:${port}/`;
  const asked = await curlFrom(from, url, '\n%{http_code} %{time_connect}', context);
  if (asked === null) return { ok: false, reason: `no probe pod on ${from.node}`, evidence: { url } };
  const written = asked.result.stdout.slice(asked.result.stdout.lastIndexOf('\n') + 1).split(' ');
  const [code, connectSeconds] = written.map(Number);
  const connected = (connectSeconds ?? 0) > 0;
  const status = code === undefined || Number.isNaN(code) || code === 0 ? null : code;
  const evidence = { url, connected, status, from: from.node };
  const said = asked.result.stderr.trim() || `curl ended with status ${asked.result.exitCode}`;
  if (!connected) return { ok: false, reason: said, evidence };
  if (!http) return { ok: true, reason: null, evidence };
  if (status === null) return { ok: false, reason: `${url} took the connection, but: ${said}`, evidence };
  return status < SERVER_ERROR
    ? { ok: true, reason: null, evidence }
    : { ok: false, reason: `${url} answered with status ${status}`, evidence };
}
