import { DEFAULT_POD_RANGES, DEFAULT_SERVICE_RANGES } from './network-schema.ts';
import type { IPFamily, Scenario } from './scenario.ts';

/** What a new scenario file is asked for. */
export interface ScenarioWishes {
  readonly name: string;
  /** The primary family first. */
  readonly families: readonly IPFamily[];
  readonly workers: number;
  readonly kubernetesVersion: string;
  readonly egress: Scenario['egress'];
  /** Where an editor finds the file's JSON Schema, relative to the file. */
  readonly schema: string;
}

/** A scenario file with a comment on each choice, for someone who will go on editing it. It is accepted as it stands. */
export function composeScenario(wishes: ScenarioWishes): string {
  const { name, families, workers, kubernetesVersion, egress, schema } = wishes;
  const ranges = (of: Readonly<Record<IPFamily, string>>): string =>
    `[${families.map((family) => of[family]).join(', ')}]`;
  const single = families.length === 1;
  const [first = 'IPv4'] = families;
  return [
    `# yaml-language-server: $schema=${schema}`,
    `name: ${name}`,
    `description: ${workers === 0 ? 'One node' : `${workers + 1} nodes`}, ${single ? `${first} alone` : `both families, ${first} first`}`,
    '',
    `nodes: { controlPlanes: 1, workers: ${workers} }`,
    '',
    'network:',
    ...(single
      ? ['  # Without this line, the range of the other family would be missing.', `  families: [${first}]`]
      : ['  # The family that comes first is the primary one, under pods and under services.']),
    `  pods: ${ranges(DEFAULT_POD_RANGES)}`,
    `  services: ${ranges(DEFAULT_SERVICE_RANGES)}`,
    '',
    egress === 'blocked'
      ? '# Nothing of the lab gets out: the nodes have all that they need in their image.'
      : "# Nodes may reach what lies outside the lab, by the host's address.",
    `egress: ${egress}`,
    '',
    `distribution: { name: kubeadm, version: ${kubernetesVersion} }`,
    'workloads: [nginxdualstack]',
    '',
  ].join('\n');
}
