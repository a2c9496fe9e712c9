import { gatewayAddress } from '../network/node-addresses.ts';
import { formatForeignImage } from '../scenario/foreign-image-name.ts';
import { plannedForeignImage, plannedNodeImage } from './planned-image.ts';
import { OWN_REGISTRY } from '../images/node-image.ts';
import type { PlanInputs } from './assemble-plan.ts';
import type { ForeignImage } from '../images/foreign-image.ts';
import type { IPFamily, Scenario } from '../scenario/scenario.ts';

/** Documentation ranges of RFC 5737 and RFC 3849: they stand for what is chosen at run time and are never used. */
const SAMPLE_RANGES: Readonly<Record<IPFamily, string>> = {
  IPv4: '198.51.100.0/24',
  IPv6: '2001:db8:88::/64',
};

/** What a plan shows in the place of things that only a run knows: ranges, and what the image is called in the engine. */
export function sampleInputs(
  scenario: Scenario,
  runId: string,
  foreign: ForeignImage | null = null,
): Pick<PlanInputs, 'allocation' | 'image'> {
  const { families, primaryFamily, bridge } = scenario.network;
  const order = [...families].sort((family) => (family === primaryFamily ? -1 : 1));
  const ranges = order.map((family) => {
    const cidr = bridge[family] ?? SAMPLE_RANGES[family];
    return { family, cidr, gateway: gatewayAddress(cidr) };
  });
  const images = {
    nginxdualstack: `${OWN_REGISTRY}/nginxdualstack`,
    probe: `${OWN_REGISTRY}/probe`,
    flannel: `${OWN_REGISTRY}/flannel`,
    kubeProxy: `${OWN_REGISTRY}/kube-proxy:sample`,
    coredns: `${OWN_REGISTRY}/coredns:sample`,
    pause: `${OWN_REGISTRY}/pause:sample`,
  };
  const ours = { imageRepository: OWN_REGISTRY, images };
  return {
    allocation: { runId, ranges },
    image:
      foreign === null
        ? plannedNodeImage(ours, '<fingerprint of the node image>')
        : plannedForeignImage(foreign, `<fingerprint of ${formatForeignImage(foreign)}>`),
  };
}
