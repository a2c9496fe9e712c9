import { calicoManifestProblems } from './calico-manifest.ts';
import { ciliumManifestProblems } from './cilium-manifest.ts';
import type { ManifestObject } from '../scenario/manifest.ts';
import type { Problem } from '../scenario/problem.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** What is wrong with a network plugin's manifest for a scenario; one of the user's own plugin is taken as it is. @param file for messages. */
export function cniManifestProblems(
  objects: readonly ManifestObject[],
  file: string,
  scenario: Pick<Scenario, 'cni' | 'network'>,
): readonly Problem[] {
  switch (scenario.cni.name) {
    case 'calico':
      return calicoManifestProblems(objects, file);
    case 'cilium':
      return ciliumManifestProblems(objects, file, scenario);
    default:
      return [];
  }
}
