import { readUpstream, type UpstreamContainers } from './download/upstream.ts';
import {
  parseForeignImage,
  takesForeignImage,
  type ForeignImageName,
} from '../scenario/foreign-image-name.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** An image of the engine's that nodes are made of, and the containers that run in them, since it brings none of ours. */
export interface ForeignImage extends ForeignImageName {
  readonly kind: 'foreign';
  readonly containers: UpstreamContainers;
}

/**
 * The image of a scenario that takes none of ours: the one that it names, else the default of upstream.json; null for any other.
 * @throws {FailureError} of class `usage` for a file of mirrors that is wrong.
 */
export async function foreignImageOf(
  scenario: Pick<Scenario, 'image' | 'distribution' | 'install'>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ForeignImage | null> {
  if (!takesForeignImage(scenario)) return null;
  const upstream = await readUpstream(environment);
  const name = parseForeignImage(scenario.image ?? upstream.machineImage);
  if (name === null) throw new Error(`${scenario.image ?? upstream.machineImage} is no image of the engine`);
  return { kind: 'foreign', ...name, containers: upstream.containerImages };
}

/**
 * The node image that kind's project publishes for a Kubernetes release. Like every image that is none of ours, it brings no containers
 * of ours, so its nodes have to reach a registry.
 */
export async function publishedKindImage(
  kubernetesVersion: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ForeignImage> {
  const upstream = await readUpstream(environment);
  const name = parseForeignImage(`${upstream.kindNodeImage}:v${kubernetesVersion}`);
  if (name === null) throw new Error(`${upstream.kindNodeImage} is no repository`);
  return { kind: 'foreign', ...name, containers: upstream.containerImages };
}
