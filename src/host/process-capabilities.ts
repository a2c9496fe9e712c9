const SYS_RESOURCE_BIT = 24n;

/** What a set of capabilities of the kernel holds, as far as nodes need it. */
interface CapabilitySet {
  /** Limits may be raised; without it the container runtime must not lower `oom_score_adj`. */
  readonly sysResource: boolean;
}

/** Reads `/proc/PID/status`; what is not in it is not held. `bounding` is the most that root here can have. */
export function capabilitiesOf(status: string): {
  readonly effective: CapabilitySet;
  readonly bounding: CapabilitySet;
} {
  const read = (name: string): CapabilitySet => {
    const bits = BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`);
    return { sysResource: ((bits >> SYS_RESOURCE_BIT) & 1n) === 1n };
  };
  return { effective: read('CapEff'), bounding: read('CapBnd') };
}
