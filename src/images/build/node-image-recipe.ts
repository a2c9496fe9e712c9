import type { BuildContext } from './build-context.ts';
import type { BuildProgress } from './build-progress.ts';
import type { ImageDescription } from '../cache/read-node-image.ts';
import type { NodeImageSpec, SettledImageSpec } from '../node-image.ts';

/** How node images are made: what decides their content, and the making. */
export interface NodeImageRecipe {
  /** Whether there are components for that release. */
  knows(spec: NodeImageSpec): boolean;
  /** Every way to make an image that the spec allows, the best first: any of them will do when the cache has it. */
  candidates(spec: NodeImageSpec): readonly SettledImageSpec[];
  /** Decides between the candidates by what can be reached from here. */
  settle(spec: NodeImageSpec, context: BuildContext): Promise<SettledImageSpec>;
  /**
   * The key of an image, from everything that goes in.
   * @throws {FailureError} of class `usage` for a release that the recipe does not know.
   */
  key(spec: SettledImageSpec): Promise<string>;
  /** How many steps {@link build} has. */
  stepCount(spec: NodeImageSpec): number;
  /** @throws {FailureError} of class `preflight`, with the commands to run, when this host can't build. */
  preflight(spec: SettledImageSpec, context: BuildContext): Promise<void>;
  /** Everything that needs a network, and no root: puts the components and Debian's packages into the cache. */
  prepare(spec: SettledImageSpec, context: BuildContext, progress: BuildProgress): Promise<void>;
  /** Everything that takes root, and no network. Puts the image's files into a directory, as `imageFiles` names them. */
  build(
    spec: SettledImageSpec,
    key: string,
    outDirectory: string,
    context: BuildContext,
    progress: BuildProgress,
  ): Promise<Omit<ImageDescription, 'timingsMs'>>;
}
