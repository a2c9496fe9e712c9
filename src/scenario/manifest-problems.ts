import { makeProblem } from './problem.ts';
import type { DocumentPath } from './document-path.ts';
import type { Manifest } from './manifest.ts';
import type { Position, Problem } from './problem.ts';
import type { Scenario } from './scenario.ts';

/** What is wrong with a scenario's manifests taken together: objects in two of them, and a family that no Service would prove. */
export function manifestProblems(
  scenario: Pick<Scenario, 'workloads' | 'network'>,
  manifests: readonly Manifest[],
  locate: (path: DocumentPath) => Position,
  cniManifest: Manifest | null = null,
): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const { path, objects } of [...(cniManifest === null ? [] : [cniManifest]), ...manifests]) {
    for (const { kind, namespace, name, position } of objects) {
      const key = `${kind}/${namespace}/${name}`;
      const other = seen.get(key);
      if (other !== undefined && other !== path) {
        const message = `${kind} ${name} is in ${other} too: keep one`;
        problems.push(makeProblem({ rule: 'manifest', path: [], position, message }));
      }
      seen.set(key, path);
    }
  }
  if (scenario.workloads.includes('nginxdualstack')) return problems;
  const proved = manifests.flatMap(({ services }) =>
    services
      .filter(({ hasClusterIP, port }) => hasClusterIP && port !== null)
      .flatMap(({ families }) => families),
  );
  const missing = scenario.network.families.filter((family) => !proved.includes(family));
  if (missing.length > 0) {
    const path = ['workloads'];
    const message =
      `no Service with a ClusterIP and a TCP port asks for ${missing.join(' and ')}, so nothing would prove it: ` +
      'give one ipFamilyPolicy: RequireDualStack, or add nginxdualstack';
    problems.push(makeProblem({ rule: 'service-proof', path, position: locate(path), message }));
  }
  return problems;
}
