import { stringify } from 'yaml';
import type { EngineResourceSpec } from '../provider.ts';

type InstanceSpec = Extract<EngineResourceSpec, { kind: 'instance' }>;

/** Every range of a family: Netplan and other renderers of cloud-init all know it, and not all know the word `default`. */
const EVERYWHERE = { IPv4: '0.0.0.0/0', IPv6: '::/0' };

/**
 * The network of a node in cloud-init's version 2: the addresses that the plan knows, and nothing that the network could say. Entries
 * for /etc/hosts are left out: such nodes find each other by address.
 */
export function cloudInitConfig(
  { addresses, gateways }: Pick<InstanceSpec, 'addresses' | 'gateways'>,
  { nameservers }: NonNullable<InstanceSpec['cloudInit']>,
): Record<string, string> {
  const eth0 = {
    dhcp4: false,
    dhcp6: false,
    'accept-ra': false,
    addresses,
    routes: gateways.map((via) => ({ to: EVERYWHERE[via.includes(':') ? 'IPv6' : 'IPv4'], via })),
    ...(nameservers.length === 0 ? {} : { nameservers: { addresses: nameservers } }),
  };
  return { 'cloud-init.network-config': stringify({ version: 2, ethernets: { eth0 } }) };
}
