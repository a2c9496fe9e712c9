import { stringify } from 'yaml';
import { cgroupSettings } from '../host/cgroup-settings.ts';
import { extraArgs, nodeMaskArgs, type ExtraArg } from './kubeadm-config.ts';
import { CLUSTER_FILES } from '../providers/provider.ts';
import type { PlanContext } from './distribution.ts';
import type { ComponentName } from '../scenario/scenario.ts';

/** The first Kubernetes release for which kind writes kubeadm's v1beta4 (kind 0.32 and later); before it is v1beta3. */
const FIRST_WITH_LISTS = [1, 36] as const;

/** Whether kubeadm's configuration in kind has extra arguments as a list, and not as a map. */
export function takesLists(kubernetesVersion: string): boolean {
  const [major = 0, minor = 0] = kubernetesVersion.split('.').map(Number);
  return major > FIRST_WITH_LISTS[0] || (major === FIRST_WITH_LISTS[0] && minor >= FIRST_WITH_LISTS[1]);
}

/** A component's extra arguments in the form that the release's kubeadm takes. */
function argumentsOf(args: readonly ExtraArg[], lists: boolean): Record<string, unknown> {
  if (args.length === 0) return {};
  return { extraArgs: lists ? args : Object.fromEntries(args.map(({ name, value }) => [name, value])) };
}

/** What kind itself gives a component: a patch replaces a whole list, so ours has to have it too. */
const OF_KIND: Readonly<Partial<Record<ComponentName, Readonly<Record<string, string>>>>> = {
  controllerManager: { 'enable-hostpath-provisioner': 'true' },
};

/** What kind gives its components in a cluster of IPv6 alone. */
const OF_KIND_IPV6: typeof OF_KIND = {
  controllerManager: { 'bind-address': '::' },
  scheduler: { 'bind-address': '::1' },
};

/** A merge patch: what it names replaces what kind has written, and everything else stays. */
function mergePatches(context: PlanContext): string[] {
  const { scenario, host, nodes } = context;
  const { families } = scenario.network;
  const lists = takesLists(scenario.distribution.version);
  const onlyIPv6 = families.length === 1 && families[0] === 'IPv6';
  const component = (name: ComponentName, ours: Readonly<Record<string, string>>): Record<string, unknown> =>
    argumentsOf(
      // kind hands feature gates on by itself.
      extraArgs({ scenario: { ...scenario, featureGates: {} } }, name, {
        ...OF_KIND[name],
        ...(onlyIPv6 ? OF_KIND_IPV6[name] : {}),
        ...ours,
      }),
      lists,
    );
  const gates = Object.entries(scenario.featureGates).map(([gate, on]) => `${gate}=${on}`);
  const withGates = gates.length === 0 ? {} : { 'feature-gates': gates.join(',') };
  // Every node takes pods, as with the other providers; kind sees to that, and insists, in a cluster of one node.
  const takesPods = nodes.length > 1 ? { nodeRegistration: { taints: [] } } : {};
  return [
    {
      kind: 'ClusterConfiguration',
      ...(lists ? { encryptionAlgorithm: 'ECDSA-P256' } : {}),
      apiServer: component('apiServer', withGates),
      controllerManager: component('controllerManager', {
        ...withGates,
        ...nodeMaskArgs(context),
        'kube-api-qps': '1000',
        'kube-api-burst': '1000',
        'leader-elect': 'false',
      }),
      scheduler: component('scheduler', { ...withGates, 'leader-elect': 'false' }),
      etcd: { local: component('etcd', { 'unsafe-no-fsync': 'true' }) },
    },
    { kind: 'InitConfiguration', ...takesPods, patches: { directory: CLUSTER_FILES } },
    { kind: 'JoinConfiguration', ...takesPods },
    { kind: 'KubeletConfiguration', ...cgroupSettings(host.cgroupVersion).kubelet },
  ].map((patch) => stringify(patch, { lineWidth: 0 }));
}

/** Patches that add to what kind has written of each node. */
function addingPatches({ scenario }: PlanContext): readonly Record<string, string>[] {
  const lists = takesLists(scenario.distribution.version);
  const args = Object.entries(scenario.extraArgs.kubelet ?? {});
  if (args.length === 0) return [];
  const path = '/nodeRegistration/kubeletExtraArgs';
  const patch = args.map(([name, value]) => ({
    op: 'add',
    path: `${path}/${lists ? '-' : name}`,
    value: lists ? { name, value } : value,
  }));
  return ['InitConfiguration', 'JoinConfiguration'].map((kind) => ({
    group: 'kubeadm.k8s.io',
    version: lists ? 'v1beta4' : 'v1beta3',
    kind,
    patch: stringify(patch, { lineWidth: 0 }),
  }));
}

/** The configuration of a cluster for kind (`kind.x-k8s.io/v1alpha4`), but for what the provider adds: mounts of its files. */
export function kindConfig(context: PlanContext): string {
  const { scenario, nodes, image } = context;
  const { families, pods, services } = scenario.network;
  const [family] = families;
  const adding = addingPatches(context);
  return stringify(
    {
      kind: 'Cluster',
      apiVersion: 'kind.x-k8s.io/v1alpha4',
      networking: {
        ipFamily: families.length === 2 ? 'dual' : family?.toLowerCase(),
        podSubnet: pods.join(','),
        serviceSubnet: services.join(','),
        kubeProxyMode: scenario.kubeProxy.mode,
        disableDefaultCNI: scenario.cni.name !== 'kindnet',
      },
      ...(Object.keys(scenario.featureGates).length === 0 ? {} : { featureGates: scenario.featureGates }),
      kubeadmConfigPatches: mergePatches(context),
      ...(adding.length === 0 ? {} : { kubeadmConfigPatchesJSON6902: adding }),
      nodes: nodes.map(({ role }) => ({ role, image: image.engineName })),
    },
    { lineWidth: 0 },
  );
}
