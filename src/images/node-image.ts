import type { Architecture } from './architecture.ts';

/** Where the programs of a node image come from: built from Go modules, or the projects' official binaries. */
export type ImageSource = 'go' | 'release';

/** A program of the user's own, in the place of the one that the source has. */
export interface OwnBinary {
  /** As components.json names it, such as `kubelet`. */
  readonly program: string;
  /** Absolute path. */
  readonly file: string;
  /** Of the file, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * What takes a node image: LXD and Incus a system container, kind an image of a container engine. Both have the same programs, files and
 * container images inside.
 */
export const IMAGE_FORMATS = ['system-container', 'kind'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** What a node image is made for. */
export interface NodeImageSpec {
  /** `system-container` when nothing is said. */
  readonly format?: ImageFormat;
  /** A Kubernetes release without the `v`, such as `1.36.3`. */
  readonly kubernetesVersion: string;
  readonly architecture: Architecture;
  /** `auto`, also when nothing is said: what the cache has, else official binaries where they can be reached, else Go. */
  readonly source?: ImageSource | 'auto';
  readonly binaries?: readonly OwnBinary[];
}

/** A spec of which it is settled where the programs come from. */
export type SettledImageSpec = NodeImageSpec & { readonly source: ImageSource };

/** A program of the user's own in an image. */
export interface OwnProgram {
  readonly program: string;
  readonly sha256: string;
  /** What it says of its version, such as `Kubernetes v1.37.0-alpha.1`; null when it could not be asked. */
  readonly version: string | null;
}

/**
 * What a plan counts on in a node: how it takes its addresses, where its programs and files are, which container images it brings.
 * Raised when that changes, so that an image which was made elsewhere is only used by a program that knows it.
 */
export const NODE_INTERFACE = 2;

/** Where an image of the cache is from. Times are ISO 8601 in UTC. */
export type ImageOrigin =
  | { readonly kind: 'built'; readonly at: string }
  | {
      readonly kind: 'imported';
      readonly at: string;
      /** Absolute path of the file that it was in. */
      readonly file: string;
      readonly exportedAt: string;
    };

/** The registry that container images of our own making are named for; nobody serves it. */
export const OWN_REGISTRY = 'twinstack.local';

/** What is known of a node image, whatever takes it. */
interface NodeImageContent {
  /** SHA-256 (hex) over everything that goes in: versions, sources, templates, recipe. The same inputs never build twice. */
  readonly key: string;
  readonly kubernetesVersion: string;
  readonly architecture: NodeImageSpec['architecture'];
  /** Bytes of its largest file. */
  readonly sizeBytes: number;
  /** Version of each component inside, by name (`kubernetes`, `containerd`, `etcd`, `coredns`, …). */
  readonly components: Readonly<Record<string, string>>;
  /** Image references in the node's containerd, by role. */
  readonly images: Readonly<
    Record<'nginxdualstack' | 'probe' | 'pause' | 'coredns' | 'etcd' | 'kubeProxy' | 'flannel', string>
  >;
  readonly source: ImageSource;
  /** Programs of the user's own in it, with what each says of its version; null where it says nothing. */
  readonly binaries: readonly OwnProgram[];
  /** The registry prefix that kubeadm's `imageRepository` takes for this image. */
  readonly imageRepository: string;
  readonly nodeInterface: number;
  readonly origin: ImageOrigin;
}

/** A node image that LXD and Incus import: a complete root file system. */
export interface SystemContainerImage extends NodeImageContent {
  readonly format: 'system-container';
  /** Absolute path of the LXD metadata tarball. */
  readonly metadataFile: string;
  /** Absolute path of the root file system as a squashfs. */
  readonly rootfsFile: string;
}

/** A node image that Docker and Podman load, and kind starts nodes of. */
export interface KindImage extends NodeImageContent {
  readonly format: 'kind';
  /** Absolute path of an archive as `docker save` writes it. */
  readonly archiveFile: string;
  /** Name and tag in the archive; the tag has the beginning of the key. */
  readonly reference: string;
}

/** A node image in the cache. */
export type NodeImage = SystemContainerImage | KindImage;

/** How far a build is. `done` and `total` count steps of unequal length; `elapsedMs` is since the build's start. */
export interface ImageProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
}
