import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { curlArguments } from './curl-from.ts';
import { readCurlOutput } from './service-http.ts';
import { formatAddressForUrl } from '../network/ip-address.ts';
import type { PlannedCheck } from './planned-check.ts';
import type { CheckContext, Observation } from './observation.ts';

const COMMAND_TIMEOUT_MS = 10_000;

/** Curl's statuses for "couldn't connect" and "timed out"; any other failure proves nothing about the way out. */
const NO_CONNECTION = [7, 28];

/** Whether this host itself reaches the listener: without that, a node's failure would prove nothing. */
async function answersHere(url: string, signal: AbortSignal): Promise<boolean> {
  const outgoing = request(url, { signal });
  outgoing.end();
  try {
    const [response] = (await once(outgoing, 'response')) as [{ statusCode?: number; resume(): void }];
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

async function listen(address: string): Promise<Server> {
  const server = createServer((_request, response) => response.end('outside the lab\n'));
  server.listen({ host: address, port: 0 });
  await once(server, 'listening');
  return server;
}

/**
 * A listener of ours on the host's side of the lab's bridge answers this host and must not answer a node. It is the nearest thing
 * outside the lab: whoever can't reach the first hop reaches nothing behind it.
 */
export async function checkEgressBlocked(
  check: Extract<PlannedCheck, { type: 'egress-blocked' }>,
  context: CheckContext,
): Promise<Observation> {
  const server = await listen(check.gateway);
  try {
    const { port } = server.address() as AddressInfo;
    const url = `http://${formatAddressForUrl(check.gateway)}:${port}/`;
    if (!(await answersHere(url, context.signal))) {
      return {
        ok: false,
        reason: `the listener at ${url} does not even answer this host`,
        evidence: { url },
      };
    }
    const options = { timeoutMs: COMMAND_TIMEOUT_MS, signal: context.signal, accept: 'any' } as const;
    const result = await context.node(check.node).run('curl', curlArguments(url), options);
    const { status, error } = readCurlOutput(result);
    const evidence = { url, from: check.node, hostAnswered: true, status, error };
    if (error === null) {
      return { ok: false, reason: `${check.node} reached ${url}, which is outside the lab`, evidence };
    }
    if (!NO_CONNECTION.includes(result.exitCode)) {
      return { ok: false, reason: `curl could not try: ${error}`, evidence };
    }
    return { ok: true, reason: null, evidence };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
