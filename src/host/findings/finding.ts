import { z } from 'zod';

/** A command of the set-up; all of them need root. */
export const setupCommandSchema = z
  .object({
    command: z.array(z.string()),
    /** What it reads; else nothing. */
    input: z.string().optional(),
    /** A daemon: started in the background, apart from our process and its output. */
    daemon: z.boolean().optional(),
    /** Changes nothing that would have to be taken back. */
    harmless: z.boolean().optional(),
    /** Of an undo: what it takes back may be gone already. */
    mayFail: z.boolean().optional(),
  })
  .readonly();

const fixSchema = z.object({
  commands: z.array(setupCommandSchema).readonly(),
  /** Run in this order by `doctor --undo`. */
  undo: z.array(setupCommandSchema).readonly(),
});

const findingSchema = z.object({
  id: z.string().describe('Such as inotify: the same in every version.'),
  severity: z
    .enum(['ok', 'warning', 'blocker'])
    .describe(
      'blocker: no run can pass here; warning: it may, with the consequence; ok: looked at and fine.',
    ),
  cause: z.string().describe('What was seen.'),
  consequence: z.string().nullable().describe('What it means for a run; null when fine.'),
  fix: fixSchema.readonly().nullable().describe('What --fix runs, and how --undo takes it back.'),
  advice: z.string().nullable().describe('What to do where no command of ours can.'),
});

/** What `doctor --json` prints. */
export const doctorDocumentSchema = z
  .object({
    schemaVersion: z.literal(1),
    outcome: z
      .enum(['ready', 'warnings', 'blocked'])
      .describe('ready: nothing to say; warnings: a run may pass; blocked: no run can, exit status 3.'),
    findings: z.array(findingSchema.readonly()).readonly(),
  })
  .meta({ title: 'twinstack doctor', description: 'What `doctor --json` prints: findings about this host.' });

/** See {@link setupCommandSchema}. */
export type SetupCommand = z.infer<typeof setupCommandSchema>;
/** How a finding is put right, and how that is taken back. */
export type Fix = z.infer<typeof fixSchema>;
/** One thing about this host that a run depends on. */
export type Finding = Readonly<z.infer<typeof findingSchema>>;
/** Findings as a document for programs. */
export type DoctorDocument = z.infer<typeof doctorDocumentSchema>;

/** A thing that was looked at and is fine. */
export function ok(id: string, cause: string): Finding {
  return { id, severity: 'ok', cause, consequence: null, fix: null, advice: null };
}

/** A thing that stops or hinders a run, with what can be done. */
export function problem(
  id: string,
  severity: 'warning' | 'blocker',
  found: { cause: string; consequence: string; fix?: Fix | null; advice?: string | null },
): Finding {
  return { id, severity, fix: null, advice: null, ...found };
}

/** The document of a list of findings. */
export function doctorDocument(findings: readonly Finding[]): DoctorDocument {
  const there = (severity: Finding['severity']): boolean => findings.some((one) => one.severity === severity);
  const outcome = there('blocker') ? 'blocked' : there('warning') ? 'warnings' : 'ready';
  return { schemaVersion: 1, outcome, findings };
}
