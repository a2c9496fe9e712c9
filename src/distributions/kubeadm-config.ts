import { cgroupSettings } from '../host/cgroup-settings.ts';
import { stringify } from 'yaml';
import type { PlanContext } from './distribution.ts';
import type { PlanNode } from '../plan/plan.ts';
import type { ComponentName, IPFamily, Scenario } from '../scenario/scenario.ts';

/** kubeadm.k8s.io/v1beta4 writes extra arguments as a list, so that one may be given twice. */
export interface ExtraArg {
  readonly name: string;
  readonly value: string;
}

const CRI_SOCKET = 'unix:///run/containerd/containerd.sock';

/** A component's extra arguments: ours, the feature gates, and the scenario's own, which win. */
export function extraArgs(
  { scenario }: { readonly scenario: Pick<Scenario, 'featureGates' | 'extraArgs'> },
  component: ComponentName,
  ours: Readonly<Record<string, string>>,
): ExtraArg[] {
  const gates = Object.entries(scenario.featureGates).map(([gate, on]) => `${gate}=${on}`);
  const takesGates = component !== 'etcd' && component !== 'kubelet' && gates.length > 0;
  const all = {
    ...ours,
    ...(takesGates ? { 'feature-gates': gates.join(',') } : {}),
    ...scenario.extraArgs[component],
  };
  return Object.entries(all).map(([name, value]) => ({ name, value }));
}

function nodeRegistration(context: PlanContext, node: PlanNode): Record<string, unknown> {
  return {
    name: node.name,
    criSocket: CRI_SOCKET,
    // Every node takes pods: the control plane answers first, long before a worker has joined.
    taints: [],
    kubeletExtraArgs: extraArgs(context, 'kubelet', {
      'node-ip': node.addresses.map(({ address }) => address).join(','),
    }),
    imagePullPolicy: 'IfNotPresent',
  };
}

/**
 * The controller manager's node masks. IPv4 alone has the flag without a family; IPv6 alone has its own flag too: kubeadm looks for the
 * mask of an IPv6 range there and nowhere else, and refuses a pod range that its default of /64 does not fit in.
 */
export function nodeMaskArgs(context: PlanContext): Record<string, string> {
  const { families, nodeMasks } = context.scenario.network;
  const flag = (family: IPFamily): string =>
    families.length === 1 && family === 'IPv4'
      ? 'node-cidr-mask-size'
      : `node-cidr-mask-size-${family.toLowerCase()}`;
  return Object.fromEntries(families.map((family) => [flag(family), String(nodeMasks[family])]));
}

function documents(parts: readonly Record<string, unknown>[]): string {
  return parts.map((part) => stringify(part, { lineWidth: 0 })).join('---\n');
}

/** The address that a node serves on: its first, which is of the primary family. */
export function primaryAddress(node: PlanNode): string {
  const first = node.addresses[0];
  if (first === undefined) throw new Error(`node ${node.name} has no address`);
  return first.address;
}

/** Where kubeadm looks for patches of what it deploys. */
export const PATCHES_FOLDER = '/etc/twinstack/patches';

/** A static pod answers its first question a second after its start; kubeadm asks after ten, and again every ten. */
const STARTUP_PROBE = { initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 240 };

/**
 * Patches of what kubeadm deploys, so that pods are seen to be ready when they are: with kubeadm's own intervals that would be a
 * third of a whole run. The files' names are kubeadm's: target and kind of patch.
 */
export const PROBE_PATCHES: readonly { readonly path: string; readonly content: string }[] = [
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'].map((name) => ({
    path: `${PATCHES_FOLDER}/${name}+strategic.yaml`,
    content: stringify({ spec: { containers: [{ name, startupProbe: STARTUP_PROBE }] } }),
  })),
  {
    path: `${PATCHES_FOLDER}/corednsdeployment+strategic.yaml`,
    content: stringify({
      spec: {
        template: { spec: { containers: [{ name: 'coredns', readinessProbe: { periodSeconds: 1 } }] } },
      },
    }),
  },
];

/** The file for `kubeadm init`. It holds the run's bootstrap token as a placeholder and must be mode 0600. */
export function kubeadmInitConfig(context: PlanContext, node: PlanNode): string {
  const { scenario, image } = context;
  const init = {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'InitConfiguration',
    bootstrapTokens: [
      {
        token: '{{secret.bootstrapToken}}',
        ttl: '1h0m0s',
        groups: ['system:bootstrappers:kubeadm:default-node-token'],
      },
    ],
    localAPIEndpoint: { advertiseAddress: primaryAddress(node), bindPort: 6443 },
    nodeRegistration: nodeRegistration(context, node),
    patches: { directory: PATCHES_FOLDER },
  };
  const cluster = {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    clusterName: `ts-${context.allocation.runId}`,
    kubernetesVersion: `v${scenario.distribution.version}`,
    imageRepository: image.imageRepository,
    // An ECDSA key is made in milliseconds, an RSA key in up to a second, and a cluster needs a dozen.
    encryptionAlgorithm: 'ECDSA-P256',
    networking: {
      podSubnet: scenario.network.pods.join(','),
      serviceSubnet: scenario.network.services.join(','),
    },
    apiServer: {
      extraArgs: extraArgs(context, 'apiServer', {}),
      certSANs: node.addresses.map(({ address }) => address),
    },
    controllerManager: {
      extraArgs: extraArgs(context, 'controllerManager', {
        ...nodeMaskArgs(context),
        // Its client makes some 40 service accounts before the controllers start; the default rate makes that 4 s.
        'kube-api-qps': '1000',
        'kube-api-burst': '1000',
        'leader-elect': 'false',
      }),
    },
    scheduler: { extraArgs: extraArgs(context, 'scheduler', { 'leader-elect': 'false' }) },
    // The cluster is thrown away: no need to wait for the disk.
    etcd: { local: { extraArgs: extraArgs(context, 'etcd', { 'unsafe-no-fsync': 'true' }) } },
  };
  const kubelet = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    cgroupDriver: 'systemd',
    failSwapOn: false,
    ...cgroupSettings(context.host.cgroupVersion).kubelet,
    featureGates: { ...scenario.featureGates },
  };
  const kubeProxy = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: scenario.kubeProxy.mode,
    featureGates: { ...scenario.featureGates },
    // Zero leaves a sysctl alone that a container may not set.
    conntrack: { maxPerCore: 0 },
  };
  return documents([init, cluster, kubelet, kubeProxy]);
}

/** The file for `kubeadm join`; token and CA hash are placeholders, and it must be mode 0600. */
export function kubeadmJoinConfig(context: PlanContext, node: PlanNode, controlPlane: PlanNode): string {
  const address = primaryAddress(controlPlane);
  const endpoint = address.includes(':') ? `[${address}]:6443` : `${address}:6443`;
  return documents([
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'JoinConfiguration',
      discovery: {
        bootstrapToken: {
          apiServerEndpoint: endpoint,
          token: '{{secret.bootstrapToken}}',
          caCertHashes: ['{{caCertHash}}'],
        },
      },
      nodeRegistration: nodeRegistration(context, node),
    },
  ]);
}
