import { z } from 'zod';
import { PHASES } from '../run/event.ts';

const named = z.looseObject({ kind: z.string() });

/** What `plan --json` prints: everything that a run will do. */
export const planDocumentSchema = z
  .object({
    allocation: z
      .object({
        runId: z.string(),
        ranges: z.array(z.object({ family: z.string(), cidr: z.string(), gateway: z.string() })),
      })
      .describe('What a run is given on its host; made up here.'),
    scenario: z
      .looseObject({ name: z.string(), description: z.string() })
      .describe('The scenario with every default filled in.'),
    image: z
      .looseObject({ engineName: z.string() })
      .optional()
      .describe('What the nodes are made of, and which container images are deployed.'),
    nodes: z.array(
      z.object({
        name: z.string(),
        shortName: z.string(),
        role: z.enum(['control-plane', 'worker']),
        addresses: z.array(z.object({ family: z.enum(['IPv4', 'IPv6']), address: z.string() })),
      }),
    ),
    steps: z.array(
      z.object({
        id: z.string(),
        phase: z.enum(PHASES),
        title: z.string(),
        needs: z.array(z.string()).describe('Ids of the steps that have to be done before it.'),
        actions: z.array(named).describe('In order; what there is beside the kind depends on it.'),
      }),
    ),
    checks: z.array(z.looseObject({ id: z.string(), type: z.string(), timeoutMs: z.number().nonnegative() })),
  })
  .meta({
    title: 'twinstack plan',
    description: 'What `plan --json` prints: everything that a run will do.',
  });
