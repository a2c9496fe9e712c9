import { z } from 'zod';

/** What `list --json` prints. */
export const listDocumentSchema = z
  .array(
    z.looseObject({
      file: z.string(),
      name: z.string(),
      description: z.string(),
      provider: z.string().nullable(),
      distribution: z.object({ name: z.string(), version: z.string() }).nullable(),
      nodes: z.int().nonnegative().describe('0 for a file that a rule is expected to refuse.'),
    }),
  )
  .meta({ title: 'twinstack list', description: 'What `list --json` prints: the shipped scenarios.' });
