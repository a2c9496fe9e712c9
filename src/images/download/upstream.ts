import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../package-root.ts';
import { FailureError } from '../../run/failure.ts';
import { parseForeignImage } from '../../scenario/foreign-image-name.ts';

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'must be a SHA-256 in lower-case hexadecimal digits' });
const site = z.url({ protocol: /^https$/, error: 'must be an https:// URL' });

/** What nodes that are none of ours run, since a node image alone brings containers of ours. */
const containerImages = z.strictObject({
  /** `body`: a text of the page that it answers with. */
  nginxdualstack: z.strictObject({ image: z.string().min(1), body: z.string().min(1) }),
  /** Any image that waits when it is started, and has curl. */
  probe: z.strictObject({ image: z.string().min(1) }),
  /** flanneld as its entrypoint, with the programs that it calls, and `test`. */
  flannel: z.strictObject({ image: z.string().min(1) }),
});

/** Container images by what they are for, as the world publishes them. */
export type UpstreamContainers = Readonly<z.infer<typeof containerImages>>;

/** Where everything is fetched from: the one file with names of other people's servers. */
export const upstreamSchema = z.strictObject({
  debianMirror: z.url(),
  goModuleProxy: z.url(),
  /** Where the official binaries of each component are, without a slash at the end. */
  releases: z.record(z.string(), site),
  /** SHA-256 by `SITE/PATH`; a sum that is written here wins over what the site says. */
  sums: z.record(z.string(), sha256),
  /** The image of nodes that a snap is installed in, as `REMOTE:ALIAS`. */
  machineImage: z.string().refine((text) => parseForeignImage(text) !== null, {
    error: 'must be REMOTE:ALIAS, such as ubuntu:24.04',
  }),
  /** The node image that kind's own project publishes, as `REGISTRY:REPOSITORY`; its tag is `v` and the Kubernetes release. */
  kindNodeImage: z.string().refine((text) => parseForeignImage(text) !== null, {
    error: 'must be REGISTRY:REPOSITORY, such as docker.io:kindest/node',
  }),
  containerImages,
});

const overrideSchema = upstreamSchema.extend({ containerImages: containerImages.partial() }).partial();

/** Where things are fetched from. */
export type Upstream = z.infer<typeof upstreamSchema>;

/**
 * The servers that this program comes with, with those of the user's own file in their place.
 * @throws {FailureError} of class `usage` for a file that can't be used.
 */
export async function readUpstream(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Upstream> {
  const shipped: unknown = JSON.parse(
    await readFile(join(packageRoot(), 'templates', 'upstream.json'), 'utf8'),
  );
  return withOwnUpstream(upstreamSchema.parse(shipped), environment);
}

/** The variable that names a file with other servers: mirrors, for those who reach nothing else. */
export const UPSTREAM_VARIABLE = 'TWINSTACK_UPSTREAM';

/**
 * Puts the servers of the user's own file in the place of ours.
 * @throws {FailureError} of class `usage` that names the file and the place.
 */
export async function withOwnUpstream(
  upstream: Upstream,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Upstream> {
  const file = environment[UPSTREAM_VARIABLE];
  if (file === undefined || file === '') return upstream;
  const refuse = (message: string): never => {
    const keys = Object.keys(upstream.releases).join(', ');
    const hint = `It is JSON with any of debianMirror, goModuleProxy, releases (${keys}), sums, machineImage, kindNodeImage and containerImages.`;
    throw new FailureError({
      class: 'usage',
      step: 'image',
      message: `${UPSTREAM_VARIABLE}=${file}: ${message}`,
      hint,
    });
  };
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const result = overrideSchema.safeParse(content);
  if (!result.success) return refuse(z.prettifyError(result.error));
  const { releases = {}, sums = {}, containerImages: containers = {}, ...rest } = result.data;
  const unknown = Object.keys(releases).filter((name) => upstream.releases[name] === undefined);
  if (unknown.length > 0) return refuse(`there is no site ${unknown.join(', ')}`);
  return {
    debianMirror: rest.debianMirror ?? upstream.debianMirror,
    goModuleProxy: rest.goModuleProxy ?? upstream.goModuleProxy,
    machineImage: rest.machineImage ?? upstream.machineImage,
    kindNodeImage: rest.kindNodeImage ?? upstream.kindNodeImage,
    containerImages: {
      nginxdualstack: containers.nginxdualstack ?? upstream.containerImages.nginxdualstack,
      probe: containers.probe ?? upstream.containerImages.probe,
      flannel: containers.flannel ?? upstream.containerImages.flannel,
    },
    releases: { ...upstream.releases, ...releases },
    sums: { ...upstream.sums, ...sums },
  };
}
