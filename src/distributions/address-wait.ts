import { parseAddress } from '../network/ip-address.ts';
import type { Action, PlanNode } from '../plan/plan.ts';
import type { PlannedImage } from '../plan/planned-image.ts';

const TIMEOUT_MS = 30_000;
/** The first start of a distribution's own image takes longer, and its cloud-init begins late in it. */
const CLOUD_INIT_TIMEOUT_MS = 120_000;

/**
 * Waits until a node has all of its addresses, and none is tentative any more: a program that looks for an address right after the
 * start finds none, or only one. Linux tells IPv4 addresses in /proc/net/fib_trie, IPv6 ones with their flags in /proc/net/if_inet6
 * (8 first: permanent and not tentative; below 8 then: not refused as a duplicate), for any image that has grep.
 */
export function waitForAddresses(node: PlanNode, image: Pick<PlannedImage, 'foreign'>): Action[] {
  const ours = image.foreign === null;
  const which = ours
    ? 'which is not tentative'
    : "which is not tentative (the image's cloud-init sets it: an image without cloud-init has none)";
  return node.addresses.map(({ family, address }): Action => {
    const [pattern, file] =
      family === 'IPv4'
        ? [`|-- ${address.replaceAll('.', '[.]')}$`, '/proc/net/fib_trie']
        : [`^${inHex(address)} [0-9a-f]* [0-9a-f]* [0-9a-f]* 8[0-7] `, '/proc/net/if_inet6'];
    return {
      kind: 'exec',
      node: node.name,
      file: 'grep',
      args: ['--quiet', '-e', pattern, file],
      timeoutMs: ours ? TIMEOUT_MS : CLOUD_INIT_TIMEOUT_MS,
      retryUntil: `${node.name} has the address ${address}, ${which}`,
    };
  });
}

/** The 32 digits by which Linux names an IPv6 address. */
function inHex(address: string): string {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new Error(`${address} is no address: ${parsed.reason}`);
  return parsed.value.value.toString(16).padStart(32, '0');
}
