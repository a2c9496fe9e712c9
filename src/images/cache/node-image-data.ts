import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ARCHITECTURE_NAMES } from '../architecture.ts';
import { packageRoot } from '../../package-root.ts';
import { upstreamSchema, withOwnUpstream, type Upstream } from '../download/upstream.ts';

/** Where this package keeps its templates. */
export function templatesDirectory(): string {
  return join(packageRoot(), 'templates');
}

/** A release of a component or of Kubernetes. */
export const versionSchema = z.string().regex(/^\d+\.\d+\.\d+$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a component is built from. */
export const componentSchema = z.strictObject({
  /** Go package of each program. */
  programs: z.record(z.string(), z.string()),
  /** Go variables that the linker sets, with `{{version}}`, `{{major}}` and `{{minor}}`. */
  variables: z.record(z.string(), z.string()),
  /** Where the programs go in a node, relative to its root. */
  directory: z.enum(['usr/local/bin', 'opt/cni/bin']),
  /** The project's own binaries; without it the component is always built with Go. Paths below the site, with `{{version}}`, `{{architecture}}` and `{{program}}`. */
  release: z
    .strictObject({
      /** A name of `releases` in upstream.json. */
      site: z.string(),
      file: z.string(),
      /** Path in the archive; without it the file is the program itself. */
      member: z.string().optional(),
      checksum: z.strictObject({ file: z.string(), form: z.enum(['sum', 'list']) }),
    })
    .optional(),
});

const componentsSchema = z
  .strictObject({
    components: z.record(z.string(), componentSchema),
    /** The release of a scenario that names none. */
    default: versionSchema,
    releases: z.record(versionSchema, z.strictObject({ versions: z.record(z.string(), versionSchema) })),
  })
  .superRefine(({ components, default: fallback, releases }, context) => {
    if (!Object.hasOwn(releases, fallback)) {
      context.addIssue({ code: 'custom', path: ['default'], message: `there is no release ${fallback}` });
    }
    for (const [release, { versions }] of Object.entries(releases)) {
      const missing = Object.keys(components).filter((name) => versions[name] === undefined);
      const unknown = Object.keys(versions).filter((name) => components[name] === undefined);
      for (const name of [...missing, ...unknown]) {
        const message = missing.includes(name) ? `has no version of ${name}` : `names the unknown ${name}`;
        context.addIssue({ code: 'custom', path: ['releases', release, 'versions'], message });
      }
    }
  });

/** What a container image is made from. */
export const containerSchema = z.strictObject({
  name: z.string(),
  role: z.string(),
  /** `kubeadm`: the tag that kubeadm of the image's release asks for. `{{component}}` is the version of that one. */
  tag: z.string(),
  description: z.string(),
  entrypoint: z.array(z.string()).min(1),
  /** Numbers, as a pod that may not run as root wants to see them; null: root. */
  user: z
    .string()
    .regex(/^\d+:\d+$/)
    .nullable()
    .default(null),
  /** Static programs of the components, which go to /usr/local/bin. */
  components: z.array(z.string()).default([]),
  /** Programs of the Debian base, which bring the libraries that they are linked with. */
  programs: z.array(z.string()).default([]),
  /** Folders of the Debian base with libraries that a program loads by itself; `{{multiarch}}` is Debian's triplet. */
  plugins: z.array(z.string()).default([]),
  /** Folders of `containers/`, copied in. */
  templates: z.array(z.string()).default([]),
});

const containersSchema = z.strictObject({ repository: z.string(), containers: z.array(containerSchema) });

const debianSchema = z.strictObject({ suite: z.string(), packages: z.array(z.string()) });

const rootFilesystemSchema = z.strictObject({
  purge: z.array(z.string()),
  enable: z.array(z.string()),
  disable: z.array(z.string()),
  mask: z.array(z.string()),
  defaultTarget: z.string(),
  remove: z.array(z.string()),
  directories: z.array(z.string()),
});

const toolchainSchema = z.strictObject({
  version: versionSchema,
  /** For every architecture: one without its sum is a mistake. */
  sha256: z.record(z.enum(ARCHITECTURE_NAMES), sha256),
});

/** What a component is built from, whatever its version. */
export type ComponentDefinition = z.infer<typeof componentSchema>;
/** Every component, and which version of each a Kubernetes release gets. */
export type ComponentCatalogue = z.infer<typeof componentsSchema>;
/** A container image that a node brings along. */
export type ContainerDefinition = z.infer<typeof containerSchema>;
/** The container images of a node, and the registry prefix of their names. */
export type ContainerCatalogue = z.infer<typeof containersSchema>;
/** The Debian suite and packages under everything. */
export type DebianDefinition = z.infer<typeof debianSchema>;
/** What is done to the Debian base to make it a node. */
export type RootFilesystemDefinition = z.infer<typeof rootFilesystemSchema>;
/** The Go toolchain that is fetched where there is none. */
export type ToolchainPin = z.infer<typeof toolchainSchema>;

/** Everything of the templates that is data. */
export interface NodeImageData {
  readonly catalogue: ComponentCatalogue;
  readonly containers: ContainerCatalogue;
  readonly debian: DebianDefinition;
  readonly rootFilesystem: RootFilesystemDefinition;
  readonly toolchain: ToolchainPin;
  readonly upstream: Upstream;
}

/** Programs that go into container images made from scratch, where no library is. */
export function staticProgramsOf({ containers }: ContainerCatalogue): Set<string> {
  return new Set(containers.flatMap(({ components }) => components));
}

/** The same with the servers of the user's own file in the place of ours. @throws {FailureError} of class `usage` for a file that is wrong. */
export async function loadOwnNodeImageData(
  templates: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<NodeImageData> {
  const shipped = await loadNodeImageData(templates);
  return { ...shipped, upstream: await withOwnUpstream(shipped.upstream, environment) };
}

/**
 * Reads and checks the data files of the templates.
 * @throws {Error} that names the file and the place: a mistake of ours, not of a user.
 */
export async function loadNodeImageData(templates: string): Promise<NodeImageData> {
  const load = async <T>(schema: z.ZodType<T>, ...path: string[]): Promise<T> => {
    const file = join(templates, ...path);
    const result = schema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    if (!result.success) throw new Error(`${file}: ${z.prettifyError(result.error)}`);
    return result.data;
  };
  const [catalogue, containers, debian, rootFilesystem, toolchain, upstream] = await Promise.all([
    load(componentsSchema, 'node-image', 'components.json'),
    load(containersSchema, 'node-image', 'containers.json'),
    load(debianSchema, 'node-image', 'debian.json'),
    load(rootFilesystemSchema, 'node-image', 'root-filesystem.json'),
    load(toolchainSchema, 'node-image', 'go', 'toolchain.json'),
    load(upstreamSchema, 'upstream.json'),
  ]);
  return { catalogue, containers, debian, rootFilesystem, toolchain, upstream };
}
