import { z } from 'zod';

const commandSchema = z.looseObject({
  command: z.array(z.string()),
  daemon: z.boolean().optional().describe('It is started in the background.'),
});

/** What `doctor --json` prints. */
export const doctorDocumentSchema = z
  .object({
    findings: z.array(
      z.looseObject({
        id: z.string(),
        severity: z.enum(['ok', 'warning', 'blocker']),
        cause: z.string().describe('What was seen.'),
        consequence: z.string().nullable().describe('What it means for a run; null when fine.'),
        fix: z
          .looseObject({ commands: z.array(commandSchema), undo: z.array(commandSchema) })
          .nullable()
          .describe('What `--fix` runs, and how `--undo` takes it back.'),
        advice: z.string().nullable().describe('What to do where no command of ours can.'),
      }),
    ),
  })
  .meta({ title: 'twinstack doctor', description: 'What `doctor --json` prints: findings about this host.' });
