import { OWN_REGISTRY } from '../images/node-image.ts';
import { describeImageSource } from '../images/describe-image-source.ts';
import { formatForeignImage } from '../scenario/foreign-image-name.ts';
import type { ScenarioFiles } from './scenario-files.ts';
import type { ReportImage } from '../report/report.ts';
import type { ScenarioRunResult } from '../run/run-scenario.ts';

/** What a report says of the image; null when the run did not come to have one. @param nginx whether nginxdualstack is deployed. */
export function reportImage(
  { image, foreignImage, plan }: Pick<ScenarioRunResult, 'image' | 'foreignImage' | 'plan'>,
  files: Pick<ScenarioFiles, 'archives' | 'image'>,
  nginx: boolean,
): ReportImage | null {
  const archives = files.archives.map(({ references, ...archive }) => ({
    ...archive,
    references: [...references],
  }));
  if (foreignImage !== null) {
    const { remote, alias, fingerprint, server } = foreignImage;
    const workload = nginx && plan !== null ? plan.image.images.nginxdualstack : null;
    const from = server === null ? 'of the engine itself' : `from ${server}`;
    return {
      key: fingerprint,
      source: `${formatForeignImage(foreignImage)} ${from}, an image that is not of twinstack`,
      foreign: { remote, alias, fingerprint, server },
      archives,
      workload:
        workload === null ? null : { image: workload, standIn: workload.startsWith(`${OWN_REGISTRY}/`) },
    };
  }
  if (image === null) return null;
  return {
    key: image.key,
    source: `${files.image === null ? '' : 'named by the scenario, '}${describeImageSource(image)}`,
    binaries: [...image.binaries],
    archives,
    workload: nginx ? { image: image.images.nginxdualstack, standIn: true } : null,
  };
}
