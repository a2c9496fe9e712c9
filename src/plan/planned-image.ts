import type { ForeignImage } from '../images/foreign-image.ts';
import type { NodeImage } from '../images/node-image.ts';

/** A part of a cluster that a node image of ours brings as a container, and a plan names itself. */
export type ComponentRole = 'flannel' | 'kubeProxy' | 'coredns' | 'pause';

/** The parts of an image that a plan depends on. */
export interface PlannedImage {
  /** The engine's name of the image. */
  readonly engineName: string;
  /** Images of the containers that we run. */
  readonly images: Readonly<Record<'nginxdualstack' | 'probe', string>>;
  /** Images of a cluster's own parts, by role; null for an image that is none of ours. */
  readonly components: Readonly<Record<ComponentRole, string>> | null;
  /** A text of the page that nginxdualstack answers with. */
  readonly nginxBody: string;
  /** Null for a node image of ours, which kubeadm takes all of its containers from. */
  readonly foreign: ForeignImage | null;
  /** The registry prefix that kubeadm's `imageRepository` takes; null for an image that is none of ours. */
  readonly imageRepository: string | null;
}

const STAND_IN_BODY = 'Kubernetes dual-stack nginx';

/** A node image of ours, which brings the containers. */
export function plannedNodeImage(
  {
    images,
    imageRepository,
  }: Pick<NodeImage, 'imageRepository'> & { images: Omit<NodeImage['images'], 'etcd'> },
  engineName: string,
): PlannedImage {
  const { nginxdualstack, probe, flannel, kubeProxy, coredns, pause } = images;
  return {
    engineName,
    images: { nginxdualstack, probe },
    components: { flannel, kubeProxy, coredns, pause },
    nginxBody: STAND_IN_BODY,
    foreign: null,
    imageRepository,
  };
}

/** An image that is none of ours: its containers come from where the world publishes them. */
export function plannedForeignImage(foreign: ForeignImage, engineName: string): PlannedImage {
  const { nginxdualstack, probe } = foreign.containers;
  return {
    engineName,
    images: { nginxdualstack: nginxdualstack.image, probe: probe.image },
    components: null,
    nginxBody: nginxdualstack.body,
    foreign,
    imageRepository: null,
  };
}
