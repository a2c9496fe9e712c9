import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FailureError } from '../../run/failure.ts';

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'must be a SHA-256 in lower-case hexadecimal digits' });
const site = z.url({ protocol: /^https$/, error: 'must be an https:// URL' });

/** Where everything is fetched from: the one file with names of other people's servers. */
export const upstreamSchema = z.strictObject({
  debianMirror: z.url(),
  goModuleProxy: z.url(),
  /** Where the official binaries of each component are, without a slash at the end. */
  releases: z.record(z.string(), site),
  /** SHA-256 by `SITE/PATH`; a sum that is written here wins over what the site says. */
  sums: z.record(z.string(), sha256),
});

const overrideSchema = upstreamSchema.partial();

/** Where things are fetched from. */
export type Upstream = z.infer<typeof upstreamSchema>;

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
    const hint = `It is JSON with any of debianMirror, goModuleProxy, releases (${keys}) and sums.`;
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
  const { debianMirror, goModuleProxy, releases = {}, sums = {} } = result.data;
  const unknown = Object.keys(releases).filter((name) => upstream.releases[name] === undefined);
  if (unknown.length > 0) return refuse(`there is no site ${unknown.join(', ')}`);
  return {
    debianMirror: debianMirror ?? upstream.debianMirror,
    goModuleProxy: goModuleProxy ?? upstream.goModuleProxy,
    releases: { ...upstream.releases, ...releases },
    sums: { ...upstream.sums, ...sums },
  };
}
