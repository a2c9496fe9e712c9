import { z } from 'zod';
import { scenarioSchema } from './schema.ts';

/** A JSON Schema, or a part of one, as far as the reference page reads it. */
export interface JsonSchema {
  [keyword: string]: unknown;
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  examples?: readonly unknown[];
  enum?: readonly unknown[];
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
}

/** Takes out what the library writes and no reader needs. */
function tidy(schema: JsonSchema): void {
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  delete schema['propertyNames'];
  const isEmptyObject = (value: unknown): boolean => JSON.stringify(value) === '{}';
  if (isEmptyObject(schema.default)) delete schema.default;
}

/**
 * The JSON Schema of a scenario file, draft 7, which the editors' YAML servers know best. It describes what may be written, so
 * everything is optional; unknown keys are errors.
 */
export function scenarioJsonSchema(): JsonSchema {
  return z.toJSONSchema(scenarioSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => tidy(jsonSchema as JsonSchema),
  }) as JsonSchema;
}
