import { z } from 'zod';
import { dialogueRecordSchema } from '../dialogue/dialogue-record.ts';

/** The version of the report's shape. Fields may be added under the same number; a changed or removed one raises it. */
export const REPORT_SCHEMA_VERSION = 1;

/**
 * `subject/name/family/path[/detail]`: the family is the third word and stands nowhere else, so that a reader may look for it
 * anywhere in the id.
 */
export const CHECK_ID_PATTERN =
  /^(?!(?:.*\b(?:ipv4|ipv6|both)\b){2})[^/]+\/[^/]+\/(?:ipv4|ipv6|both)\/[^/]+(?:\/.+)?$/;

const milliseconds = z.number().nonnegative();
const timestamp = z.iso.datetime().describe('ISO 8601 in UTC.');

const familySchema = z.enum(['ipv4', 'ipv6']);

const nodeSchema = z.object({
  name: z.string().describe("The Kubernetes node's name, which is also the instance's."),
  role: z.enum(['control-plane', 'worker']),
  addresses: z.array(z.string()).describe('Node addresses, one or more of each family asked for.'),
  podCIDRs: z.array(z.string()).describe("The node's share of the pod ranges, as Kubernetes assigned it."),
});

const phaseSchema = z.object({
  name: z.enum(['image', 'launch', 'bootstrap', 'network', 'join', 'apply', 'ready', 'verify', 'cleanup']),
  startedAt: timestamp,
  durationMs: milliseconds.describe(
    'For a phase that never finished: until the last thing that the run told.',
  ),
});

const checkSchema = z.object({
  id: z.string().regex(CHECK_ID_PATTERN).describe('subject/name/family/path[/detail]'),
  outcome: z.enum(['passed', 'failed', 'skipped', 'not-reached']),
  reason: z
    .string()
    .nullable()
    .describe('Why it failed, was skipped or was not reached; null when it passed.'),
  durationMs: milliseconds,
  attempts: z.int().nonnegative(),
  evidence: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe(
      'What was seen; clientAddress is the address that the server saw. Null when nothing was observed.',
    ),
});

const failureSchema = z.object({
  class: z.enum(['check', 'usage', 'preflight', 'infrastructure', 'timeout', 'interrupted', 'bug']),
  step: z.string().describe("The id of the plan's step that failed, or the stage: lint, preflight."),
  message: z.string(),
  hint: z
    .string()
    .nullable()
    .describe('What to do next; null when there is nothing better than the message.'),
});

const cleanupSchema = z.object({
  outcome: z.enum(['complete', 'incomplete', 'kept']),
  leaked: z
    .array(z.object({ kind: z.string(), name: z.string() }))
    .describe('What should have been removed and could not be.'),
});

const hostSchema = z.object({
  cgroupVersion: z.literal([1, 2]).nullable(),
  storageDriver: z
    .string()
    .nullable()
    .describe('Of the storage pool that holds the nodes, such as dir or zfs.'),
  engine: z.string().nullable().describe('Name and version of what ran the nodes, such as "lxd 5.0.2".'),
});

const imageSchema = z.object({
  key: z.string().describe('What identifies the node image: the same key, the same content.'),
  source: z
    .string()
    .describe(
      "Where it came from: official release binaries, Go modules, an import or an image of the user's own.",
    ),
  foreign: z
    .object({
      remote: z.string().describe("Of the engine's client; local is the engine itself."),
      alias: z.string(),
      fingerprint: z.string(),
      server: z.string().nullable().describe('Address of the remote; null for the engine itself.'),
    })
    .optional()
    .describe(
      'What the nodes were made of where that was no node image of twinstack; the key is then its fingerprint.',
    ),
  archives: z
    .array(
      z.object({ file: z.string(), sizeBytes: z.int(), sha256: z.string(), references: z.array(z.string()) }),
    )
    .optional()
    .describe('Archives of container images that the scenario had loaded into every node.'),
  binaries: z
    .array(
      z.object({
        program: z.string(),
        sha256: z.string(),
        version: z.string().nullable().describe('What it says of itself; null when it could not be asked.'),
      }),
    )
    .optional()
    .describe("The user's own programs in it."),
  workload: z
    .object({
      image: z.string().describe('The image that answers the Service checks.'),
      standIn: z
        .boolean()
        .describe('True when it is our stand-in for an upstream image that could not be had.'),
    })
    .nullable(),
});

const rangesSchema = z.object({
  pods: z.array(z.string()),
  services: z.array(z.string()),
  nodes: z.array(z.string()).describe('Of the node network; empty when it was not chosen yet.'),
});

/** What a run leaves behind for people and programs: the content of `report.json` and of `--json`. */
export const reportSchema = z
  .object({
    schemaVersion: z.literal(REPORT_SCHEMA_VERSION),
    twinstack: z.object({ version: z.string() }),
    runId: z.string(),
    outcome: z.enum(['passed', 'failed', 'error', 'aborted', 'timed-out']),
    exitCode: z.literal([0, 1, 2, 3, 4, 5, 70, 124, 130, 143]),
    startedAt: timestamp,
    durationMs: milliseconds,
    scenario: z
      .object({
        name: z.string(),
        file: z.string(),
        sha256: z.string().describe('Of the file as it was read, in hex.'),
      })
      .nullable(),
    provider: z.object({ name: z.string(), version: z.string() }).nullable(),
    providerChoice: z
      .object({
        chosen: z.string().nullable().describe('Null where none can run the scenario here.'),
        why: z.string(),
        passedOver: z
          .array(z.object({ provider: z.string(), why: z.string(), remedy: z.string().nullable() }))
          .describe('Those that come before it in the order, and why it was none of them.'),
      })
      .nullable()
      .default(null)
      .describe('How a provider was found for a scenario that leaves it open; null for one that names it.'),
    distribution: z.object({ name: z.string(), version: z.string() }).nullable(),
    families: z.array(familySchema).describe('What was asked for. One entry is a single-stack run.'),
    ranges: rangesSchema
      .nullable()
      .default(null)
      .describe('In CIDR notation; null where the scenario could not be read.'),
    repeat: z
      .array(z.string())
      .nullable()
      .default(null)
      .describe('Arguments of twinstack that do the same again; null when there are none.'),
    host: hostSchema.nullable(),
    image: imageSchema.nullable(),
    nodes: z.array(nodeSchema),
    phases: z.array(phaseSchema),
    setupMs: milliseconds.nullable().describe('Preparing the host; null when nothing had to be done.'),
    imageMs: milliseconds
      .nullable()
      .describe('Getting the node image, cached or built; null when not needed.'),
    timeToDualStackMs: milliseconds
      .nullable()
      .describe(
        'From the start of phase launch to the later of the two ClusterIP answers; null when not reached, and for a single-stack run.',
      ),
    dialogues: z
      .array(dialogueRecordSchema)
      .default([])
      .describe('Programs that asked, and what they were answered; also in transcripts/.'),
    retries: z
      .array(
        z.object({
          attempt: z.int().positive().describe('Counted from 1.'),
          failure: failureSchema,
          durationMs: milliseconds,
        }),
      )
      .default([])
      .describe('Attempts to make the cluster that failed, and were followed by another with new nodes.'),
    checks: z.array(checkSchema),
    failure: failureSchema.nullable(),
    cleanup: cleanupSchema,
    notices: z.array(z.string()).describe('What the run told beside its results.'),
  })
  .meta({
    title: 'twinstack report',
    description: 'What a twinstack run asked for, did, observed and removed.',
  });

/** The content of `report.json`. */
export type Report = z.infer<typeof reportSchema>;
/** A family as reports write it. */
export type ReportFamily = z.infer<typeof familySchema>;
export type ReportNode = Report['nodes'][number];
export type ReportPhase = Report['phases'][number];
export type ReportCheck = Report['checks'][number];
/** What is known of the machine that ran the nodes; each fact is null when it is not known. */
export type ReportHost = NonNullable<Report['host']>;
export type ReportImage = NonNullable<Report['image']>;

/** The report's JSON Schema (draft 2020-12), made from {@link reportSchema}; unknown properties are allowed, as fields may be added. */
export function reportJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(reportSchema, { io: 'input' });
}
