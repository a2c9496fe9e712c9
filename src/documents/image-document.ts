import { z } from 'zod';
import { IMAGE_FORMATS } from '../images/node-image.ts';

/** What `image build --json` prints. */
export const imageDocumentSchema = z
  .looseObject({
    key: z.string().describe('SHA-256 over everything that goes in: the same key, the same content.'),
    kubernetesVersion: z.string(),
    architecture: z.enum(['amd64', 'arm64']),
    format: z.enum(IMAGE_FORMATS).describe('What takes it: LXD and Incus a system container, kind its own.'),
    metadataFile: z.string().optional().describe('Of a system container.'),
    rootfsFile: z.string().optional().describe('Of a system container.'),
    archiveFile: z.string().optional().describe('Of an image for kind: as `docker save` writes it.'),
    reference: z.string().optional().describe('Of an image for kind: its name and tag.'),
    sizeBytes: z.int().nonnegative(),
    components: z.record(z.string(), z.string()).describe('Version of each component, by name.'),
    images: z.record(z.string(), z.string()).describe('Container images inside, by role.'),
    imageRepository: z.string(),
  })
  .meta({ title: 'twinstack image build', description: 'What `image build --json` prints: a node image.' });

/** What `image list --json` prints. */
export const imageListDocumentSchema = z.array(imageDocumentSchema).meta({
  title: 'twinstack image list',
  description: 'What `image list --json` prints: the cached node images.',
});

/** What `image export --json` prints. */
export const imageExportDocumentSchema = z
  .looseObject({
    file: z.string().describe('Absolute path of what was written.'),
    sizeBytes: z.int().nonnegative(),
    manifest: z.looseObject({ key: z.string() }).describe('What the file says of itself.'),
  })
  .meta({ title: 'twinstack image export', description: 'What `image export --json` prints.' });

/** What `image import --json` prints. */
export const imageImportDocumentSchema = z
  .looseObject({
    outcome: z.enum(['imported', 'found']),
    image: imageDocumentSchema,
  })
  .meta({ title: 'twinstack image import', description: 'What `image import --json` prints.' });
