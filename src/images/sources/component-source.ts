import type { BuildContext } from '../build/build-context.ts';
import type { ComponentDefinition } from '../cache/node-image-data.ts';
import type { KeyInput } from '../build/content-key.ts';
import type { NodeImageSpec } from '../node-image.ts';

/** One part of a node image that is built or fetched on its own, such as Kubernetes or etcd. */
export interface Component {
  readonly name: string;
  readonly version: string;
  readonly architecture: NodeImageSpec['architecture'];
  readonly definition: ComponentDefinition;
}

/** Whether a source can be used on this host; the reason is for a reader, the hint says what to do. */
export type Availability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string; readonly hint: string };

/** Where programs come from: built from Go modules, or official binaries. */
export interface ComponentSource {
  /** Has a part in the components' keys. */
  readonly name: string;
  /** What it does, for the progress: Building, or Fetching. */
  readonly activity: string;
  available(context: BuildContext): Promise<Availability>;
  /** Everything that decides the programs' content, for the key of the cache. */
  inputs(component: Component): Promise<KeyInput>;
  /**
   * Puts each program of the component into a directory, under its own name and executable.
   * @throws {FailureError} that names the component and says what its tool said last.
   */
  build(component: Component, outDirectory: string, context: BuildContext): Promise<void>;
}
