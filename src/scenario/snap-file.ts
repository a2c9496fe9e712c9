/** The name of a snap from its file's: `snap download` writes NAME_REVISION.snap. */
export function snapNameOf(file: string): string {
  const base = file.split(/[\\/]/).at(-1) ?? '';
  return base.replace(/\.snap$/, '').replace(/_.*$/, '');
}

/** Whether a file is the snap of Canonical Kubernetes, and not one that it builds on. */
export function isK8sSnapFile(file: string): boolean {
  return /^k8s\b/.test(snapNameOf(file));
}

/** Where `snap download` writes what vouches for a snap. */
export function assertFileOf(snap: string): string {
  return snap.replace(/\.snap$/, '.assert');
}
