import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { UsedRange } from '../network/choose-node-network.ts';

/** The host's IPv4 routes from `/proc/net/route`: little-endian hexadecimal addresses and masks. */
export function readIPv4Routes(table: string): UsedRange[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [device, destination, , , , , , mask] = line.trim().split(/\s+/);
      if (destination === undefined || mask === undefined) return [];
      const bytes = Buffer.from(destination, 'hex').reverse();
      const prefixLength = [...Buffer.from(mask, 'hex')].reduce((sum, byte) => sum + bitsOf(byte), 0);
      return prefixLength === 0
        ? []
        : [{ range: `${[...bytes].join('.')}/${prefixLength}`, usedBy: `a route via ${device}` }];
    });
}

/** The host's IPv6 routes from `/proc/net/ipv6_route`; the kernel's own for link-local, multicast and loopback say nothing. */
export function readIPv6Routes(table: string): UsedRange[] {
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [destination, prefix] = fields;
    const device = fields.at(-1);
    if (destination === undefined || prefix === undefined || destination.length !== 32) return [];
    if (device === 'lo' || prefix === '00' || /^(fe8|ff)/.test(destination)) return [];
    const groups = destination.match(/.{4}/g) ?? [];
    return [{ range: `${groups.join(':')}/${parseInt(prefix, 16)}`, usedBy: `a route via ${device}` }];
  });
}

function bitsOf(byte: number): number {
  return byte.toString(2).split('1').length - 1;
}

/** Every range that this host's routes and interfaces use, but for default routes and what is link-local. */
export async function readHostRanges(): Promise<UsedRange[]> {
  const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
  const [ipv4, ipv6] = await Promise.all([read('/proc/net/route'), read('/proc/net/ipv6_route')]);
  const addresses = Object.entries(networkInterfaces()).flatMap(([device, list]) =>
    (list ?? []).flatMap(({ cidr, internal }) =>
      cidr === null || internal || cidr.startsWith('fe80:')
        ? []
        : [{ range: cidr, usedBy: `interface ${device}` }],
    ),
  );
  return [...readIPv4Routes(ipv4), ...readIPv6Routes(ipv6), ...addresses];
}
