import { formatAddressForUrl } from '../network/ip-address.ts';
import { familyOf } from '../kubernetes/cluster-conditions.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';
import type { V1Pod } from '@kubernetes/client-node';
import type { CommandResult } from '../process/command-runner.ts';

type ServiceHttpCheck = Extract<PlannedCheck, { type: 'service-http' }>;

/** Seconds that curl may take; a ClusterIP that does not answer mostly does not answer at all. */
const CURL_SECONDS = 3;
const COMMAND_TIMEOUT_MS = 10_000;
const PROBE_SELECTOR = 'app.kubernetes.io/name=twinstack-probe';
const PROBE_CONTAINER = 'probe';

/** Curl's arguments: quiet but for errors, no URL globbing (brackets are IPv6's), no proxy, status on a line of its own. */
export function curlArguments(url: string): string[] {
  return [
    '--globoff',
    '--silent',
    '--show-error',
    '--noproxy',
    '*',
    '--max-time',
    String(CURL_SECONDS),
    '--write-out',
    '\n%{http_code}',
    url,
  ];
}

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

async function findProbe(context: CheckContext, check: ServiceHttpCheck): Promise<V1Pod | undefined> {
  const pods = await context.cluster.core.listNamespacedPod({
    namespace: check.namespace,
    labelSelector: PROBE_SELECTOR,
    fieldSelector: `spec.nodeName=${check.from.node}`,
  });
  return pods.items[0];
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
  const options = { timeoutMs: COMMAND_TIMEOUT_MS, signal: context.signal, accept: 'any' } as const;
  let result: CommandResult;
  let podAddress: string | null = null;
  if (from.kind === 'node') {
    result = await context.node(from.node).run('curl', curlArguments(url), options);
  } else {
    const probe = await findProbe(context, check);
    const name = probe?.metadata?.name;
    if (name === undefined) return { ok: false, reason: `no probe pod on ${from.node}`, evidence: { url } };
    podAddress = probe?.status?.podIPs?.map(({ ip }) => ip).find((ip) => familyOf(ip) === family) ?? null;
    const pod = { namespace, name, container: PROBE_CONTAINER };
    result = await context.cluster.execInPod(pod, ['curl', ...curlArguments(url)], options);
  }
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
  if (podAddress !== null && clientAddress !== podAddress) {
    return failed(
      `the server saw ${clientAddress} and not the pod's address ${podAddress}: NAT between pods`,
    );
  }
  return { ok: true, reason: null, evidence };
}
