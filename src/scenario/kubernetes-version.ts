/** The Kubernetes release in a distribution's version, such as 1.36.3 in `1.36.3+k0s.2`. */
export function kubernetesVersionOf(version: string): string {
  return version.replace(/\+.*$/, '');
}
