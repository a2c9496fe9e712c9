import { z } from 'zod';
import type { IPFamily, PerFamily } from './scenario.ts';

/**
 * The ranges of a scenario that writes none, for every distribution: k8s-snap's own for IPv4, and for IPv6, where it has none, those
 * of its dual-stack how-to.
 */
export const DEFAULT_POD_RANGES: PerFamily<string> = { IPv4: '10.1.0.0/16', IPv6: 'fd01::/108' };
export const DEFAULT_SERVICE_RANGES: PerFamily<string> = { IPv4: '10.152.183.0/24', IPv6: 'fd98::/108' };

/** A text with a description and examples. */
export function text(description: string, examples: readonly string[]) {
  return z.string().meta({ description, examples: [...examples] });
}

/** Whether a list has the same value twice. */
export function hasDuplicates(values: readonly unknown[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size < values.length;
}

const family = z.enum(['IPv4', 'IPv6']);

function ranges(description: string, defaults: PerFamily<string>) {
  return z
    .array(z.string())
    .min(1)
    .max(2)
    .optional()
    .meta({
      description,
      default: [defaults.IPv4, defaults.IPv6],
      examples: [[defaults.IPv6, defaults.IPv4]],
    });
}

const nodeMasks = z
  .strictObject({
    ipv4: z.int().min(0).max(32).optional().meta({
      description: "Prefix length of one node's share of the IPv4 pod range: 24 unless written.",
      default: 24,
    }),
    ipv6: z
      .int()
      .min(0)
      .max(128)
      .optional()
      .meta({
        description:
          "Prefix length of one node's share of the IPv6 pod range: 64 for a pod range of /48 to /64, 117 for /101 to /117. " +
          'For any other pod range it must be written.',
        examples: [117, 64],
      }),
  })
  .prefault({})
  .meta({
    description:
      "How large each node's share of the pod range is. Not shorter than the pod range's prefix, and at most 16 bits longer.",
    examples: [{ ipv4: 24, ipv6: 117 }],
  });

const bridge = z
  .strictObject({
    ipv4: text('The IPv4 range of the node network, /16 to /28.', ['10.88.0.0/24']).optional(),
    ipv6: text('The IPv6 range of the node network, a /64.', ['fd42:88::/64']).optional(),
  })
  .prefault({})
  .meta({
    description:
      'The ranges that nodes have their addresses from. Leave them out and free ones are chosen for every run, so that runs in ' +
      'parallel never clash; a written one that clashes with the host ends the run before anything is created.',
    examples: [{ ipv4: '10.88.0.0/24', ipv6: 'fd42:88::/64' }],
  });

/** The `network` section of `scenarioSchema`. */
export const networkSchema = z
  .strictObject({
    families: z
      .array(family)
      .min(1)
      .max(2)
      .refine((families) => !hasDuplicates(families), { error: 'names a family twice' })
      .optional()
      .meta({
        description:
          'The IP families to ask for. Both, unless one is written here: a cluster with one family has to be wanted.',
        default: ['IPv4', 'IPv6'],
        examples: [['IPv4'], ['IPv6']],
        uniqueItems: true,
      }),
    pods: ranges(
      'Pod ranges in CIDR notation, one for each family, in the same order as services.',
      DEFAULT_POD_RANGES,
    ),
    services: ranges(
      'Service ranges in CIDR notation, one for each family; the family of the first is the primary one. IPv6 /108 or longer, ' +
        'IPv4 /12 or longer.',
      DEFAULT_SERVICE_RANGES,
    ),
    nodeMasks,
    primaryFamily: family.optional().meta({
      description:
        'The family that the API server listens on and that a Service without a wish gets. It is the family of the first ' +
        'service range; written, it must agree with that (k0s alone lets it decide).',
      default: 'IPv4',
    }),
    bridge,
  })
  .prefault({})
  .meta({ description: 'Address ranges. Everything here has a default that is dual-stack.' });

/** The family as the keys of nodeMasks and bridge write it. */
export function familyKey(name: IPFamily): 'ipv4' | 'ipv6' {
  return name === 'IPv4' ? 'ipv4' : 'ipv6';
}
