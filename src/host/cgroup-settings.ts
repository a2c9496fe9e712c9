/** How a host's control groups are mounted. `hybrid`: version 1 with an empty version 2 tree beside it, which nobody uses. */
export type CgroupLayout = 'v1' | 'hybrid' | 'v2';

/** The version that programs work with. */
export type CgroupVersion = 1 | 2;

/** What depends on the version of control groups, in all that we configure. */
export interface CgroupSettings {
  /** Lines of a node's `raw.lxc` that open its devices; the kernel ignores those of the other version. */
  readonly rawLxc: readonly string[];
  /** Fields of the kubelet's configuration. */
  readonly kubelet: { readonly failCgroupV1?: boolean };
}

/** The version that a layout means for programs: in a hybrid one all controllers are version 1's. */
export function cgroupVersionOf(layout: CgroupLayout): CgroupVersion {
  return layout === 'v2' ? 2 : 1;
}

/** The settings for a version: the only place that knows what differs. Version 2 is unproved until a run on such a host. */
export function cgroupSettings(version: CgroupVersion): CgroupSettings {
  return version === 2
    ? { rawLxc: ['lxc.cgroup2.devices.allow=a'], kubelet: {} }
    : // From 1.35 the kubelet refuses version 1 unless it is told otherwise.
      { rawLxc: ['lxc.cgroup.devices.allow=a'], kubelet: { failCgroupV1: false } };
}
