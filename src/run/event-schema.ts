import { z } from 'zod';
import { dialogueRecordSchema } from '../dialogue/dialogue-record.ts';
import { PHASES, type StoredEvent } from './event.ts';

const milliseconds = z.number().nonnegative();
const phase = z.enum(PHASES);
const stepSchema = z.object({ id: z.string(), phase, title: z.string() });

const checkSchema = z.object({
  id: z.string(),
  outcome: z.enum(['passed', 'failed', 'skipped', 'not-reached']),
  reason: z.string().nullable(),
  durationMs: milliseconds,
  attempts: z.number().nonnegative(),
  evidence: z.record(z.string(), z.unknown()).readonly().nullable(),
});

const failureSchema = z.object({
  class: z.enum(['check', 'usage', 'preflight', 'infrastructure', 'timeout', 'interrupted', 'bug']),
  step: z.string(),
  message: z.string(),
  hint: z.string().nullable(),
});

const requestSchema = z.object({
  version: z.string(),
  sha256: z.string(),
  families: z.array(z.enum(['ipv4', 'ipv6'])).readonly(),
  pods: z.array(z.string()).readonly(),
  services: z.array(z.string()).readonly(),
  distribution: z.object({ name: z.string(), version: z.string() }),
  checks: z.array(z.string()).readonly().describe('Ids of all checks that were planned.'),
});

const stamp = { at: z.string().describe('ISO 8601 in UTC, with milliseconds.'), runId: z.string() };

/** One line of `events.jsonl`. A test compares its type with {@link StoredEvent}'s, in both directions. */
export const runEventSchema = z
  .discriminatedUnion('type', [
    z.object({
      ...stamp,
      type: z.literal('run-started'),
      scenario: z.object({ name: z.string(), file: z.string() }),
      steps: z.array(stepSchema).readonly(),
      request: requestSchema.optional(),
    }),
    z.object({ ...stamp, type: z.literal('phase-started'), phase }),
    z.object({ ...stamp, type: z.literal('phase-finished'), phase, durationMs: milliseconds }),
    z.object({ ...stamp, type: z.literal('step-started'), step: stepSchema }),
    z.object({
      ...stamp,
      type: z.literal('step-progress'),
      step: stepSchema,
      text: z.string(),
      done: z.number().nullable(),
      total: z.number().nullable(),
      milestone: z.boolean().optional().describe('True where it is shown however little time has passed.'),
    }),
    z.object({
      ...stamp,
      type: z.literal('step-finished'),
      step: stepSchema,
      outcome: z.enum(['passed', 'failed']),
      durationMs: milliseconds,
      message: z.string().nullable(),
    }),
    z.object({
      ...stamp,
      type: z.literal('dialogue-finished'),
      step: stepSchema,
      dialogue: dialogueRecordSchema,
    }),
    z.object({
      ...stamp,
      type: z.literal('attempt-failed'),
      attempt: z.int().positive(),
      of: z.int().positive(),
      failure: failureSchema,
      durationMs: milliseconds,
    }),
    z.object({ ...stamp, type: z.literal('check-finished'), check: checkSchema }),
    z.object({
      ...stamp,
      type: z.literal('notice'),
      level: z.enum(['info', 'warning']),
      message: z.string(),
    }),
    z.object({ ...stamp, type: z.literal('interrupted'), signal: z.string() }),
    z.object({
      ...stamp,
      type: z.literal('run-finished'),
      outcome: z.enum(['passed', 'failed', 'error', 'aborted', 'timed-out']),
      exitCode: z.number(),
      failure: failureSchema.nullable(),
      cleanup: z.object({
        outcome: z.enum(['complete', 'incomplete', 'kept']),
        leaked: z.array(z.object({ kind: z.string(), name: z.string() })).readonly(),
      }),
      reportDir: z.string(),
      timeToDualStackMs: milliseconds.nullable(),
      families: z.array(z.string()).readonly(),
      durationMs: milliseconds,
    }),
  ])
  .meta({
    title: 'twinstack event',
    description: 'One line of events.jsonl: something that happened in a run, written while it happened.',
  }) satisfies z.ZodType<StoredEvent>;
