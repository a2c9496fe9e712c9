import type { z } from 'zod';
import { ciMatrixSchema } from '../src/commands/ci-matrix.ts';
import { scenarioListSchema } from '../src/commands/list.ts';
import {
  imageDocumentSchema,
  imageExportDocumentSchema,
  imageImportDocumentSchema,
  imageListDocumentSchema,
} from '../src/documents/image-document.ts';
import { lintDocumentSchema } from '../src/documents/lint-document.ts';
import { planDocumentSchema } from '../src/documents/plan-document.ts';
import { psDocumentSchema, removalDocumentSchema } from '../src/documents/runs-document.ts';
import { doctorDocumentSchema } from '../src/host/findings/finding.ts';
import { reportIndexSchema } from '../src/report/report-index.ts';
import { reportSchema } from '../src/report/report.ts';
import { runEventSchema } from '../src/run/event-schema.ts';

/** A kind of JSON that we print or write, and how it is published. */
export interface JsonDocument {
  /** `schemas/NAME.schema.json` */
  readonly name: string;
  readonly schema: z.ZodType;
  /** Where it is to be had. */
  readonly from: string;
}

/** Every JSON that we print or write. A new one is a line here, `npm run generate`, and a call in test/cli/json-documents.test.ts. */
export const JSON_DOCUMENTS: readonly JsonDocument[] = [
  {
    name: 'report',
    schema: reportSchema,
    from: '`report.json`, `run --json` of one scenario, `report --json`',
  },
  { name: 'index', schema: reportIndexSchema, from: '`index.json`, `run --json` of several scenarios' },
  { name: 'event', schema: runEventSchema, from: 'each line of `events.jsonl`' },
  { name: 'plan', schema: planDocumentSchema, from: '`plan --json`' },
  { name: 'lint', schema: lintDocumentSchema, from: '`lint --json`' },
  { name: 'list', schema: scenarioListSchema, from: '`list --json`' },
  { name: 'matrix', schema: ciMatrixSchema, from: '`matrix --format json`' },
  { name: 'doctor', schema: doctorDocumentSchema, from: '`doctor --json`' },
  { name: 'ps', schema: psDocumentSchema, from: '`ps --json`' },
  { name: 'removal', schema: removalDocumentSchema, from: '`down --json`, `gc --json`' },
  { name: 'image', schema: imageDocumentSchema, from: '`image build --json`' },
  { name: 'image-list', schema: imageListDocumentSchema, from: '`image list --json`' },
  { name: 'image-export', schema: imageExportDocumentSchema, from: '`image export --json`' },
  { name: 'image-import', schema: imageImportDocumentSchema, from: '`image import --json`' },
];
