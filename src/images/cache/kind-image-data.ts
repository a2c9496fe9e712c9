import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { componentSchema, containerSchema, templatesDirectory, versionSchema } from './node-image-data.ts';
import type { Architecture } from '../architecture.ts';
import type { Component } from '../sources/component-source.ts';

const kindComponentSchema = z.strictObject({ version: versionSchema, definition: componentSchema });

const kindImageSchema = z.strictObject({
  components: z.strictObject({ kind: kindComponentSchema, 'cni-agent': kindComponentSchema }),
  /** The container image of the CNI agent. */
  agent: containerSchema,
  /** Files of `rootfs/` that are programs. */
  executables: z.array(z.string()),
  /** Symbolic links of the node, by path relative to its root. */
  links: z.record(z.string(), z.string()),
  environment: z.array(z.string()),
  entrypoint: z.array(z.string()),
  stopSignal: z.string(),
});

/** What makes an image for kind of a system container's. */
export type KindImageData = z.infer<typeof kindImageSchema>;

/** Reads and checks the data of the templates for kind. @throws {Error} that names the file: a mistake of ours. */
export async function loadKindImageData(templates = templatesDirectory()): Promise<KindImageData> {
  const file = join(templates, 'kind', 'image.json');
  const result = kindImageSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!result.success) throw new Error(`${file}: ${z.prettifyError(result.error)}`);
  return result.data;
}

/** One of the components for kind, for an architecture. */
export function kindComponent(
  data: KindImageData,
  name: keyof KindImageData['components'],
  architecture: Architecture,
): Component {
  return { name, architecture, ...data.components[name] };
}
