import { z } from 'zod';

/** What `lint --json` prints. */
export const lintDocumentSchema = z
  .object({
    files: z.array(z.string()).describe('The files that were looked at.'),
    problems: z.array(
      z.object({
        severity: z.enum(['error', 'warning']),
        rule: z.string(),
        path: z.string().describe('Into the document, such as network.services[1]; empty for all of it.'),
        position: z.object({ file: z.string(), line: z.int().positive(), column: z.int().positive() }),
        message: z.string(),
      }),
    ),
  })
  .meta({ title: 'twinstack lint', description: 'What `lint --json` prints: files and their problems.' });
