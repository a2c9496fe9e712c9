import { z } from 'zod';

const leaseSchema = z.object({
  machineId: z.string(),
  bootId: z.string(),
  pid: z.int().nonnegative().describe('0 when no process owns the run: it was kept.'),
  startTicks: z.number(),
  expiresAt: z.string(),
});

/** What `ps --json` prints. */
export const psDocumentSchema = z
  .object({
    runs: z.array(
      z.looseObject({
        runId: z.string(),
        record: z
          .looseObject({ scenario: z.object({ name: z.string(), file: z.string() }), reportDir: z.string() })
          .nullable()
          .describe('Null for a run that only its objects tell of.'),
        resources: z.array(
          z.looseObject({
            kind: z.string(),
            name: z.string(),
            runId: z.string(),
            lease: leaseSchema.nullable(),
            createdAt: z.string().nullable(),
          }),
        ),
        lease: leaseSchema.nullable(),
        state: z.enum(['running', 'kept', 'dead']),
        reason: z.string(),
        unreachable: z
          .looseObject({ message: z.string(), hint: z.string().nullable() })
          .nullable()
          .describe(
            "Why the run's engine could not be asked although its journal names objects; the status is 5 then.",
          ),
      }),
    ),
    caches: z
      .array(z.looseObject({ kind: z.string(), name: z.string(), sizeBytes: z.number().nullable() }))
      .describe('What stays on purpose; empty without --caches.'),
  })
  .meta({
    title: 'twinstack ps',
    description: 'What `ps --json` prints: the runs that something is left of.',
  });

/** What `down --json` and `gc --json` print. */
export const removalDocumentSchema = z
  .object({
    removed: z.array(
      z.looseObject({
        runId: z.string(),
        outcome: z.enum(['complete', 'incomplete']),
        leaked: z.array(z.looseObject({ kind: z.string(), name: z.string() })),
      }),
    ),
  })
  .meta({ title: 'twinstack down, gc', description: 'What `down --json` and `gc --json` print.' });
