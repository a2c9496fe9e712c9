import { manifestCni, type InstalledManifest } from './manifest-cni.ts';
import { renderCalico } from './calico-manifest.ts';
import type { Cni } from './cni.ts';

/** The network plugins that a manifest installs; none where the scenario names no manifest. */
export function manifestCnis(installed: InstalledManifest | null): readonly Cni[] {
  if (installed === null) return [];
  return [
    manifestCni('custom', installed),
    manifestCni('cilium', installed),
    manifestCni('calico', installed, renderCalico),
  ];
}
