import type { DocumentPath } from './document-path.ts';
import type { IPFamily } from './scenario.ts';
import type { Position } from './problem.ts';

/** An object of a manifest, as the API server will get it. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** `default` where the manifest names none; objects without a namespace don't mind. */
  readonly namespace: string;
  readonly position: Position;
  readonly content: Readonly<Record<string, unknown>>;
  /** Where a value of it is; for one that it has not, where that would belong. */
  locate(path: DocumentPath): Position;
}

/** A Service of a manifest, as far as checks ask it. */
export interface ManifestService {
  readonly name: string;
  readonly namespace: string;
  /** The families that its `ipFamilyPolicy` and `ipFamilies` ask for in this cluster. */
  readonly families: readonly IPFamily[];
  /** Whether it has ClusterIPs; a headless one has endpoints only. */
  readonly hasClusterIP: boolean;
  /** Its first TCP port; null where it has none. */
  readonly port: number | null;
  /** Whether the port says that it speaks HTTP. */
  readonly http: boolean;
}

/** A manifest of the user's own, read and parsed. */
export interface Manifest {
  /** As the scenario writes it. */
  readonly path: string;
  readonly sha256: string;
  readonly objects: readonly ManifestObject[];
  /** Those that something can be asked of: with a selector, and not names for something outside. */
  readonly services: readonly ManifestService[];
}
