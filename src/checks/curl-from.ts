import { familyOf } from '../kubernetes/cluster-conditions.ts';
import type { CommandResult } from '../process/command-runner.ts';
import type { CheckContext } from './observation.ts';
import type { RequestOrigin } from './planned-check.ts';

/** Seconds that curl may take; a ClusterIP that does not answer mostly does not answer at all. */
const CURL_SECONDS = 3;
const COMMAND_TIMEOUT_MS = 10_000;
const PROBE_NAMESPACE = 'default';
const PROBE_SELECTOR = 'app.kubernetes.io/name=twinstack-probe';
const PROBE_CONTAINER = 'probe';

/** Curl's arguments: quiet but for errors, no URL globbing (brackets are IPv6's), no proxy, and last what `--write-out` writes. */
export function curlArguments(url: string, writeOut = '\n%{http_code}'): string[] {
  return [
    '--globoff',
    '--silent',
    '--show-error',
    '--noproxy',
    '*',
    '--max-time',
    String(CURL_SECONDS),
    '--write-out',
    writeOut,
    url,
  ];
}

/** Runs curl on a node, or in its probe pod; null where there is no such pod. `podIPs` are those of that pod. */
export async function curlFrom(
  from: RequestOrigin,
  url: string,
  writeOut: string | undefined,
  context: CheckContext,
): Promise<{ readonly result: CommandResult; readonly podIPs: readonly string[] } | null> {
  const args = curlArguments(url, writeOut);
  const options = { timeoutMs: COMMAND_TIMEOUT_MS, signal: context.signal, accept: 'any' } as const;
  if (from.kind === 'node') {
    return { result: await context.node(from.node).run('curl', args, options), podIPs: [] };
  }
  const pods = await context.cluster.core.listNamespacedPod({
    namespace: PROBE_NAMESPACE,
    labelSelector: PROBE_SELECTOR,
    fieldSelector: `spec.nodeName=${from.node}`,
  });
  const [probe] = pods.items;
  const name = probe?.metadata?.name;
  if (name === undefined) return null;
  const pod = { namespace: PROBE_NAMESPACE, name, container: PROBE_CONTAINER };
  const result = await context.cluster.execInPod(pod, ['curl', ...args], options);
  return { result, podIPs: probe?.status?.podIPs?.map(({ ip }) => ip) ?? [] };
}

/** The pod's address of a family, or null. */
export function podAddressOf(podIPs: readonly string[], family: ReturnType<typeof familyOf>): string | null {
  return podIPs.find((ip) => familyOf(ip) === family) ?? null;
}
