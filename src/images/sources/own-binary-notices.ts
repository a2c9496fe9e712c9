import type { NodeImage } from '../node-image.ts';

/** What a run tells of the user's own programs in its image: none of it is wrong, and none of it may go unnoticed. */
export function ownBinaryNotices({
  binaries,
  kubernetesVersion,
}: Pick<NodeImage, 'binaries' | 'kubernetesVersion'>): string[] {
  return binaries.map(({ program, sha256, version }) => {
    const said = version === null ? 'it says no version' : `it says ${version}`;
    // Kubernetes' own programs alone have the distribution's version.
    const isKubernetes = program.startsWith('kube');
    const differs =
      isKubernetes && version !== null && !version.split(/\s+/).includes(`v${kubernetesVersion}`);
    const note = differs ? `, while the scenario says ${kubernetesVersion}` : '';
    return `${program} is your own (SHA-256 ${sha256.slice(0, 12)}…): ${said}${note}`;
  });
}
