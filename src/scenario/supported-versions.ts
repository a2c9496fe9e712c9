/** Kubernetes releases, without the `v`, that this version provisions and has been proved on; the newest first. */
export const SUPPORTED_KUBERNETES_VERSIONS: readonly string[] = ['1.36.3', '1.35.4', '1.34.4'];

/** The release of a scenario that names none. */
export const DEFAULT_KUBERNETES_VERSION = '1.36.3';
