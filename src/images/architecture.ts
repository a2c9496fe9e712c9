/** What the architectures that node images are made for are called elsewhere. Debian, Go and container images share a name. */
export const ARCHITECTURES = {
  amd64: { node: 'x64', engine: 'x86_64', multiarch: 'x86_64-linux-gnu' },
  arm64: { node: 'arm64', engine: 'aarch64', multiarch: 'aarch64-linux-gnu' },
} as const satisfies Readonly<
  Record<
    string,
    {
      /** `process.arch`. */
      readonly node: NodeJS.Architecture;
      /** LXD and Incus. */
      readonly engine: string;
      /** The triplet that names Debian's folder of libraries. */
      readonly multiarch: string;
    }
  >
>;

/** Debian's name of an architecture that node images are made for. */
export type Architecture = keyof typeof ARCHITECTURES;

/** Every architecture that node images are made for. */
export const ARCHITECTURE_NAMES = Object.keys(ARCHITECTURES) as [Architecture, ...Architecture[]];

/** The architecture of a machine by Node's name for it, this one by default; null when no node images are made for it. */
export function hostArchitecture(machine: string = process.arch): Architecture | null {
  return ARCHITECTURE_NAMES.find((name) => ARCHITECTURES[name].node === machine) ?? null;
}
