import { z } from 'zod';
import { DIALOGUE_MODES, DIALOGUE_OUTCOMES } from './dialogue.ts';

/** A dialogue as events and reports keep it. Shapes of what was said: see `transcript.ts`. */
export const dialogueRecordSchema = z.object({
  name: z.string().describe('What it is about, such as bootstrap.'),
  node: z.string(),
  command: z.array(z.string()).describe('The program in the node, and its arguments.'),
  mode: z.enum(DIALOGUE_MODES),
  outcome: z.enum(DIALOGUE_OUTCOMES).describe('answered is the only good one.'),
  reason: z.string().nullable().describe('Null when every prompt was answered and the program ended with 0.'),
  durationMs: z.number().nonnegative(),
  entries: z
    .array(
      z.object({
        atMs: z.number().nonnegative().describe('Since its start.'),
        who: z.enum(['stdout', 'stderr', 'answer']),
        text: z.string().describe('Control characters are written out, secrets are masked.'),
      }),
    )
    .describe('Who said what, in order; the middle of a long one is left out.'),
  omittedBytes: z.number().nonnegative(),
});
export type DialogueRecord = z.infer<typeof dialogueRecordSchema>;
