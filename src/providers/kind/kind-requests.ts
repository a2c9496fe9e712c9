import { parse, stringify } from 'yaml';
import { CLUSTER_FILES, type ClusterSpec, type Owner, type ResourceSpec } from '../provider.ts';
import { encodeLease } from '../../run/lease.ts';

/** The label that makes a network or a volume ours; its value is the run's id. */
export const RUN_LABEL = 'twinstack.run';
/** The label that says whose run it is. */
export const LEASE_LABEL = 'twinstack.lease';
/** kind's own label of each node. */
export const CLUSTER_LABEL = 'io.x-k8s.kind.cluster';

type NetworkSpec = Extract<ResourceSpec, { kind: 'network' }>;

function labels(owner: Owner): string[] {
  return ['--label', `${RUN_LABEL}=${owner.runId}`, '--label', `${LEASE_LABEL}=${encodeLease(owner.lease)}`];
}

/** The client's arguments that make a network with its labels. A bridge of a known name is one that the host's rules can name. */
export function networkArguments({ name, ranges, egress }: NetworkSpec, owner: Owner): string[] {
  const option = (key: string, value: string): string[] => [
    '--opt',
    `com.docker.network.bridge.${key}=${value}`,
  ];
  return [
    'network',
    'create',
    '--driver=bridge',
    ...labels(owner),
    ...option('name', name),
    ...option('enable_ip_masquerade', egress === 'open' ? 'true' : 'false'),
    ...(ranges.some(({ family }) => family === 'IPv6') ? ['--ipv6'] : []),
    ...ranges.flatMap(({ cidr, gateway }) => ['--subnet', cidr, '--gateway', gateway]),
    name,
  ];
}

/** The arguments for the volume that holds a run's lease once it has changed: labels of a network can't be written again. */
export function leaseArguments(name: string, owner: Owner): string[] {
  return ['volume', 'create', ...labels(owner), name];
}

/** The configuration of a cluster with the folder of its files mounted into each node. */
export function configWithFiles(config: string, folder: string | null): string {
  if (folder === null) return config;
  const parsed = parse(config) as { nodes: Record<string, unknown>[] };
  const mount = { hostPath: folder, containerPath: CLUSTER_FILES, readOnly: true };
  return stringify(
    { ...parsed, nodes: parsed.nodes.map((node) => ({ ...node, extraMounts: [mount] })) },
    { lineWidth: 0 },
  );
}

/**
 * kind's arguments. The configuration is read from standard input; the kubeconfig is a file of the run's own, never the user's; what
 * fails is left as it is for the diagnostics, and removed by us.
 */
export function createArguments({ name }: Pick<ClusterSpec, 'name'>, kubeconfig: string): string[] {
  return ['create', 'cluster', '--name', name, '--config', '-', '--kubeconfig', kubeconfig, '--retain'];
}

/** What tells kind which engine and which network to use. */
export function kindEnvironment(program: string, network: string): Record<string, string> {
  return {
    KIND_EXPERIMENTAL_PROVIDER: program,
    KIND_EXPERIMENTAL_DOCKER_NETWORK: network,
    KIND_EXPERIMENTAL_PODMAN_NETWORK: network,
  };
}
