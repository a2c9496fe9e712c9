import { ensureK0sBundle, ensureK0sProgram } from '../images/sources/k0s-release.ts';
import { hasAttachment } from '../images/sources/program-file.ts';
import { withDeadline } from '../images/build/build-deadline.ts';
import { BuildProgress } from '../images/build/build-progress.ts';
import { requireHostArchitecture } from '../images/image-for-host.ts';
import type { CommandContext, Workbench } from './command-context.ts';
import type { PlannedProgram } from '../distributions/distribution.ts';
import type { ImageArchive } from '../images/archive/image-archive.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** What a distribution's release gave. */
export interface DistributionRelease {
  readonly binary: PlannedProgram;
  readonly archives: readonly ImageArchive[];
}

/** A quarter of a gigabyte over a slow line, twice. */
const FETCH_TIMEOUT_MS = 30 * 60_000;
const REPORT_INTERVAL_MS = 5000;

/**
 * Fetches the release of a scenario's distribution, unless the cache has it; null where it comes from elsewhere. Tells on stderr how far
 * it is.
 * @throws {FailureError} of class `infrastructure` when it can't be had; the signal's reason when interrupted.
 */
export async function fetchRelease(
  { distribution, install }: Scenario,
  { directories, runner }: Workbench,
  context: CommandContext,
): Promise<DistributionRelease | null> {
  if (install.from !== 'release') return null;
  const { interrupted: signal, stderr, env: environment } = context;
  const { version } = distribution;
  const title = `${distribution.name} ${version}`;
  let toldAt = -Infinity;
  const progress = new BuildProgress(install.airgap ? 2 : 1, ({ step }) => {
    // A step without a detail is one that the cache may have done already.
    if (!step.endsWith(')') || performance.now() - toldAt < REPORT_INTERVAL_MS) return;
    toldAt = performance.now();
    stderr.write(`${step}\n`);
  });
  const surroundings = { cacheDir: directories.cache, runner, signal };
  return await withDeadline(title, FETCH_TIMEOUT_MS, surroundings, progress, async (build) => {
    const spec = { version, architecture: requireHostArchitecture() };
    const program = await progress.step(`Fetching ${title}`, build, (context) =>
      ensureK0sProgram(spec, { environment }, context),
    );
    const bundle = await (install.airgap
      ? progress.step(`Fetching the container images of ${title}`, build, (context) =>
          ensureK0sBundle(spec, { environment }, context),
        )
      : null);
    const embedsComponents = await hasAttachment(program.file, program.sizeBytes);
    return { binary: { ...program, embedsComponents }, archives: bundle === null ? [] : [bundle] };
  });
}

/** Stands in a plan for a release that nobody has fetched yet. */
export function sampleRelease({ distribution, install }: Scenario): DistributionRelease | null {
  if (install.from !== 'release') return null;
  const sample = (what: string): PlannedProgram => ({
    file: `<${what} of ${distribution.name} ${distribution.version}>`,
    sizeBytes: 0,
    sha256: '<of its release>',
    embedsComponents: true,
  });
  const bundle = { ...sample('airgap bundle'), references: [`every image of ${distribution.name}`] };
  return { binary: sample('program'), archives: install.airgap ? [bundle] : [] };
}
