import { stringify } from 'yaml';
import { podFamilies } from './bridge.ts';
import { primaryAddress } from '../distributions/kubeadm-config.ts';
import type { PlanContext } from '../distributions/distribution.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** Where upstream's manifest has it. */
export const FLANNEL_NAMESPACE = 'kube-flannel';
export const FLANNEL_DAEMONSET = 'kube-flannel-ds';
/** What flanneld has found out, in lines of `NAME=value`: written once its backend works. */
export const SUBNET_FILE = '/run/flannel/subnet.env';

const SERVICE_ACCOUNT = 'flannel';
const CONFIG = 'kube-flannel-cfg';
const API_PORT = 6443;
const LABELS = { app: 'flannel', tier: 'node' };

type ManifestContext = Pick<PlanContext, 'scenario' | 'controllers' | 'nodes' | 'image'>;

/** Flannel's own configuration, as its documentation calls the keys. */
export interface FlannelConfig {
  readonly EnableIPv4: boolean;
  readonly EnableIPv6: boolean;
  readonly Network?: string;
  readonly IPv6Network?: string;
  readonly EnableNFTables: boolean;
  readonly Backend: { readonly Type: 'vxlan' | 'host-gw' };
}

/** `net-conf.json` for a scenario. Rules are written as kube-proxy writes its own, so that a node has those of one kind. */
export function flannelConfig(scenario: Scenario): FlannelConfig {
  const pods = new Map(podFamilies(scenario).map((range) => [range.family, range.pods]));
  const [IPv4, IPv6] = [pods.get('IPv4'), pods.get('IPv6')];
  const { mode } = scenario.cni;
  if (mode !== 'vxlan' && mode !== 'host-gw') throw new Error(`flannel has no mode ${mode}`);
  return {
    EnableIPv4: IPv4 !== undefined,
    EnableIPv6: IPv6 !== undefined,
    ...(IPv4 === undefined ? {} : { Network: IPv4 }),
    ...(IPv6 === undefined ? {} : { IPv6Network: IPv6 }),
    EnableNFTables: scenario.kubeProxy.mode === 'nftables',
    Backend: { Type: mode },
  };
}

/**
 * flanneld's choice of the interface and of its address in each family: those that the plan gave the nodes. Without it flanneld takes
 * the default route's interface, and of that the first address.
 */
export function nodeAddressPattern(nodes: PlanContext['nodes']): string {
  const addresses = nodes.flatMap((node) => node.addresses.map(({ address }) => address));
  // A placeholder stays whole; in the address that takes its place a dot may stand for any character.
  const pattern = (address: string): string =>
    address.startsWith('{{') ? address : address.replaceAll('.', '\\.');
  return `^(${addresses.map(pattern).join('|')})$`;
}

function rbac(): object[] {
  const labels = { 'k8s-app': 'flannel' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: FLANNEL_NAMESPACE,
        labels: { ...labels, 'pod-security.kubernetes.io/enforce': 'privileged' },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: SERVICE_ACCOUNT, namespace: FLANNEL_NAMESPACE, labels },
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: SERVICE_ACCOUNT, labels },
      rules: [
        { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: SERVICE_ACCOUNT, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: SERVICE_ACCOUNT },
      subjects: [{ kind: 'ServiceAccount', name: SERVICE_ACCOUNT, namespace: FLANNEL_NAMESPACE }],
    },
  ];
}

/** The first machine is a control plane, be it a node of Kubernetes or not. */
function apiHost({ controllers, nodes }: ManifestContext): string {
  const [machine] = [...controllers, ...nodes];
  if (machine === undefined) throw new Error('a plan has at least one node');
  return primaryAddress(machine);
}

function imageOf({ image }: ManifestContext): { image: string; imagePullPolicy: 'Never' | 'IfNotPresent' } {
  // What our node image brings is in no registry.
  if (image.components !== null) return { image: image.components.flannel, imagePullPolicy: 'Never' };
  if (image.foreign === null) throw new Error('an image that brings no containers is foreign');
  return { image: image.foreign.containers.flannel.image, imagePullPolicy: 'IfNotPresent' };
}

function container(context: ManifestContext): object {
  return {
    name: 'kube-flannel',
    ...imageOf(context),
    args: ['--kube-subnet-mgr', '--ip-masq', `--iface-regex=${nodeAddressPattern(context.nodes)}`],
    env: [
      { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      // Not through the Service: kube-proxy may come later, and flanneld's next attempt after seconds.
      { name: 'KUBERNETES_SERVICE_HOST', value: apiHost(context) },
      { name: 'KUBERNETES_SERVICE_PORT', value: String(API_PORT) },
    ],
    resources: { requests: { cpu: '100m', memory: '50Mi' } },
    securityContext: { privileged: false, capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
    // Its own health check says yes as soon as it listens, before there is a backend.
    startupProbe: { exec: { command: ['test', '-s', SUBNET_FILE] }, periodSeconds: 1, failureThreshold: 240 },
    volumeMounts: [
      { name: 'run', mountPath: '/run/flannel' },
      { name: 'flannel-cfg', mountPath: '/etc/kube-flannel/' },
      { name: 'xtables-lock', mountPath: '/run/xtables.lock' },
    ],
  };
}

function daemonSet(context: ManifestContext): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: FLANNEL_DAEMONSET, namespace: FLANNEL_NAMESPACE, labels: LABELS },
    spec: {
      selector: { matchLabels: { app: LABELS.app } },
      template: {
        metadata: { labels: LABELS },
        spec: {
          hostNetwork: true,
          priorityClassName: 'system-node-critical',
          tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
          serviceAccountName: SERVICE_ACCOUNT,
          containers: [container(context)],
          volumes: [
            { name: 'run', hostPath: { path: '/run/flannel', type: 'DirectoryOrCreate' } },
            { name: 'flannel-cfg', configMap: { name: CONFIG } },
            { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
          ],
        },
      },
    },
  };
}

/** flanneld on every node, as upstream's manifest has it but for its CNI plugin, which is no Go module. */
export function flannelManifest(context: ManifestContext): string {
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: CONFIG, namespace: FLANNEL_NAMESPACE, labels: LABELS },
    data: { 'net-conf.json': `${JSON.stringify(flannelConfig(context.scenario), null, 2)}\n` },
  };
  return [...rbac(), config, daemonSet(context)]
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}
